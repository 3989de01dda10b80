// expect: a receiver is sent to an executor, so its fields need a Codec
#include <millstream/streaming.h>

#include <cstdio>

namespace ms = millstream;

struct Sensor {
  std::FILE* device = nullptr;
  void Receive(ms::ReceiverSink<int64_t>& sink) const { sink.Store(std::fgetc(device)); }
};

auto Sense(ms::StreamingContext& ssc) { return ssc.ReceiverStream<int64_t>(Sensor{}); }
