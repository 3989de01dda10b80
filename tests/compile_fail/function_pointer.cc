// expect: pass ms::Fn<&function>
#include <millstream/streaming.h>

namespace ms = millstream;

int64_t Twice(int64_t number) { return 2 * number; }

auto Doubled(const ms::RDD<int64_t>& numbers) { return numbers.Map(Twice); }
