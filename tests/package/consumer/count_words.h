#pragma once
#include <millstream/streaming.h>

// Counts, in each batch, the words of at least `min_length` bytes.
inline auto CountWords(const millstream::DStream<std::string_view>& lines, int64_t min_length) {
  return lines.FlatMap(millstream::SplitWords{})
      .Filter(millstream::With(min_length,
                               [](int64_t min_length, std::string_view word) {
                                 return static_cast<int64_t>(word.size()) >= min_length;
                               }))
      .Map([](std::string_view word) { return std::pair(word, int64_t{1}); })
      .ReduceByKey(std::plus<>());
}
