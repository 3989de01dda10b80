// expect: a value given to ms::With has no Codec
#include <millstream/streaming.h>

namespace ms = millstream;

auto Mark(const ms::DStream<int64_t>& numbers, int64_t* seen) {
  return numbers.Filter(ms::With(seen, [](int64_t* mark, int64_t number) { return number > *mark; }));
}
