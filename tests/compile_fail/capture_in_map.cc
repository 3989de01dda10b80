// expect: must not capture .*ms::With\(x
#include <millstream/streaming.h>

namespace ms = millstream;

auto Add(const ms::DStream<int64_t>& numbers, int64_t summand) {
  return numbers.Map([=](int64_t number) { return number + summand; });
}
