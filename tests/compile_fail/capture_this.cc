// expect: must not capture .*ms::With\(x
#include <millstream/streaming.h>

namespace ms = millstream;

struct Program {
  int64_t limit = 10;

  auto Small(const ms::RDD<int64_t>& numbers) const {
    return numbers.FlatMap(
        [this](int64_t number) { return std::optional<int64_t>(number < limit ? number : limit); });
  }
};
