// expect: Use std::string in T
#include <millstream/streaming.h>

namespace ms = millstream;

struct Tagged {
  std::string_view tag;
  int64_t count = 0;
};

auto Rows(const ms::RDD<std::string_view>& tags) {
  return tags.Map([](std::string_view tag) { return Tagged{tag, 1}; }).Collect();
}
