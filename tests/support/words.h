#ifndef MILLSTREAM_TESTS_SUPPORT_WORDS_H_
#define MILLSTREAM_TESTS_SUPPORT_WORDS_H_

#include <cstdint>
#include <map>
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

// The sum of the "(word,count)" lines of what Print wrote, over all batches.
Counts PrintedCounts(std::string_view out);

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_WORDS_H_
