// expect: Use std::string in T
#include <millstream/streaming.h>

namespace ms = millstream;

struct Tagged {
  std::string_view tag;
  int64_t count = 0;
};

void Keep(const ms::DStream<std::string_view>& tags) {
  tags.Map([](std::string_view tag) { return Tagged{tag, 1}; }).Persist();
}
