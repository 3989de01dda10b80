// expect: type T has no Codec: specialise millstream::Codec<T>
#include <millstream/streaming.h>

namespace ms = millstream;

struct Reading {
  const int64_t* value = nullptr;
};

struct Sensor {
  void Receive(ms::ReceiverSink<Reading>&) const {}
};

auto Sense(ms::StreamingContext& ssc) { return ssc.ReceiverStream<Reading>(Sensor{}); }
