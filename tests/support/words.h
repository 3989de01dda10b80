#ifndef MILLSTREAM_TESTS_SUPPORT_WORDS_H_
#define MILLSTREAM_TESTS_SUPPORT_WORDS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millstream::test {

using Counts = std::map<std::string, int64_t>;

// `count` lines of a few words each, always the same ones: some words are frequent, some rare.
std::vector<std::string> SomeLines(int count);
// How often each word occurs, counted without the engine.
Counts CountedWords(const std::vector<std::string>& lines);
// The lines, each with its line end.
std::string Joined(const std::vector<std::string>& lines);

// What Print writes of one batch.
struct Frame {
  int64_t time_ms = 0;
  std::vector<std::string> rows;
};
// `out` as frames; nothing if a byte of it belongs to none.
std::optional<std::vector<Frame>> ParseFrames(std::string_view out);
// The sum of the "(word,count)" rows of all frames that are whole, before the first byte that belongs to
// none.
Counts PrintedCounts(std::string_view out);

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_WORDS_H_
