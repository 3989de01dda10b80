// expect: must return a range
#include <millstream/streaming.h>

namespace ms = millstream;

auto Words(const ms::DStream<std::string_view>& lines) {
  return lines.FlatMap([](std::string_view line) { return line.size(); });
}
