// expect: must not capture .*ms::With\(x
#include <millstream/streaming.h>

namespace ms = millstream;

auto Long(const ms::DStream<std::string_view>& lines, size_t least) {
  return lines.Filter([&](std::string_view line) { return line.size() >= least; });
}
