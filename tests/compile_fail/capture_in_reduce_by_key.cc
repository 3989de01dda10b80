// expect: must not capture .*ms::With\(x
#include <millstream/streaming.h>

namespace ms = millstream;

auto Sums(const ms::RDD<std::pair<std::string, int64_t>>& pairs, int64_t modulus) {
  return pairs.ReduceByKey([modulus](int64_t a, int64_t b) { return (a + b) % modulus; });
}
