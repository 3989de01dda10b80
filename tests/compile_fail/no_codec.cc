// expect: type T has no Codec: specialise millstream::Codec<T>
#include <millstream/streaming.h>

namespace ms = millstream;

struct Linked {
  int64_t value = 0;
  Linked* next = nullptr;
};

auto Link(const ms::DStream<int64_t>& numbers) {
  return numbers.Map([](int64_t number) { return Linked{number, nullptr}; });
}
