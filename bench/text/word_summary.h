// The result of a word count as one value that can be checked, computed where the counts are.
#ifndef MILLSTREAM_BENCH_TEXT_WORD_SUMMARY_H_
#define MILLSTREAM_BENCH_TEXT_WORD_SUMMARY_H_

#include <millstream/streaming.h>

#include <cstdint>
#include <string_view>

#include "bench/text/zipf_lines.h"

namespace millstream::bench {

struct WordSummary {
  int64_t results = 0;    // distinct words
  int64_t words = 0;      // the sum of their counts
  uint64_t checksum = 0;  // the sum of their WordChecksum
};

// `counts` is an RDD of (word, count).
template <class Counts>
absl::StatusOr<WordSummary> SummarizeCounts(const Counts& counts) {
  return counts
      .Map([](std::string_view word, int64_t count) {
        return WordSummary{1, count, WordChecksum(word, static_cast<uint64_t>(count))};
      })
      .Fold(WordSummary{}, [](const WordSummary& a, const WordSummary& b) {
        return WordSummary{a.results + b.results, a.words + b.words, a.checksum + b.checksum};
      });
}

}  // namespace millstream::bench

#endif  // MILLSTREAM_BENCH_TEXT_WORD_SUMMARY_H_
