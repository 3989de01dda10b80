// expect: returns a view into its own by-value parameter
#include <millstream/streaming.h>

namespace ms = millstream;

auto FirstWords(const ms::RDD<std::string>& lines) {
  return lines.Map([](std::string line) { return std::string_view(line).substr(0, line.find(' ')); });
}
