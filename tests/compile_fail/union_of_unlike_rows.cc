// expect: the rows of both must be of one type
#include <millstream/streaming.h>

namespace ms = millstream;

auto Both(const ms::RDD<std::string>& texts, const ms::RDD<int64_t>& numbers) { return texts.Union(numbers); }
