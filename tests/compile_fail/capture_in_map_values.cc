// expect: must not capture .*ms::With\(x
#include <millstream/streaming.h>

namespace ms = millstream;

auto Scaled(const ms::DStream<std::pair<std::string, int64_t>>& pairs, int64_t factor) {
  return pairs.MapValues([factor](int64_t value) { return value * factor; });
}
