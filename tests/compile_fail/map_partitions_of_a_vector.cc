// expect: must take a ms::Reader<T>&
#include <millstream/streaming.h>

namespace ms = millstream;

auto Sizes(const ms::RDD<std::string_view>& lines) {
  return lines.MapPartitions(
      [](const std::vector<std::string_view>& all) { return std::vector<size_t>{all.size()}; });
}
