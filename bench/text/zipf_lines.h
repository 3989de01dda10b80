// The text every benchmark counts: lines of exactly 100 bytes, 10 words of 9 bytes (`w` and 8 digits) apart
// by one space, ended by a newline. The same mix and seed give the same bytes in every program.
#ifndef MILLSTREAM_BENCH_TEXT_ZIPF_LINES_H_
#define MILLSTREAM_BENCH_TEXT_ZIPF_LINES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millstream::bench {

inline constexpr size_t kLineBytes = 100;
inline constexpr size_t kWordsPerLine = 10;

// How words are drawn: word i of the vocabulary has probability ~ 1 / (i + 1) (Zipf, s = 1), or all the same.
struct WordMix {
  uint32_t vocabulary = 100'000;  // 1 to 100'000'000
  bool uniform = false;
  uint64_t seed = 1;
};

class LineMaker {
 public:
  explicit LineMaker(const WordMix& mix);

  // Appends the next `lines` lines to `text`.
  void Append(size_t lines, std::string& text);

 private:
  double NextUniform();
  uint32_t NextWord();

  const WordMix mix_;
  std::vector<double> cumulative_;  // Zipf only: cumulative_[i] = sum of the weights of words 0..i
  uint64_t state_;
};

// What a set of (word, count) pairs is checked by. It is linear in the counts, so the sum over batches, in
// whatever way the text fell into batches, equals the checksum of the whole text.
inline uint64_t WordChecksum(std::string_view word, uint64_t count) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash * count;
}

}  // namespace millstream::bench

#endif  // MILLSTREAM_BENCH_TEXT_ZIPF_LINES_H_
