// expect: Use std::string in T
#include <millstream/streaming.h>

namespace ms = millstream;

struct Tagged {
  std::string_view tag;
  int64_t count = 0;
};

auto Last(const ms::DStream<std::string_view>& tags) {
  return tags.Map([](std::string_view tag) {
               return std::pair(tag, Tagged{tag, 1});
             })
      .ReduceByKey([](const Tagged&, const Tagged& b) { return b; });
}
