// expect: the function cannot be called with a row of this stream
#include <millstream/streaming.h>

namespace ms = millstream;

auto Lengths(const ms::DStream<int64_t>& numbers) {
  return numbers.Map([](const std::string& text) { return text.size(); });
}
