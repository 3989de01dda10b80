// expect: works by key: the rows must be pairs
#include <millstream/streaming.h>

namespace ms = millstream;

auto Counts(const ms::DStream<std::string_view>& words) { return words.ReduceByKey(std::plus<>()); }
