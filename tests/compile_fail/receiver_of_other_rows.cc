// expect: a receiver of rows of type T needs a member function void Receive
#include <millstream/streaming.h>

namespace ms = millstream;

struct Sensor {
  int64_t device = 0;
  void Receive(ms::ReceiverSink<int64_t>& sink) const { sink.Store(device); }
};

auto Sense(ms::StreamingContext& ssc) { return ssc.ReceiverStream<double>(Sensor{}); }
