// expect: returns a view into its own by-value parameter
#include <millstream/streaming.h>

namespace ms = millstream;

auto Prefixes(const ms::RDD<std::pair<int64_t, std::string>>& pairs) {
  return pairs.MapValues([](std::string text) { return std::string_view(text).substr(0, 3); });
}
