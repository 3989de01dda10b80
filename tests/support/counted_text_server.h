#ifndef MILLSTREAM_TESTS_SUPPORT_COUNTED_TEXT_SERVER_H_
#define MILLSTREAM_TESTS_SUPPORT_COUNTED_TEXT_SERVER_H_

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/text_server.h"
#include "tests/support/words.h"

namespace millstream::test {

// A text server that knows what is to be counted of what it sent.
class CountedTextServer : public TextServer {
 public:
  // Sends lines of words, and waits until `program` has printed the counts of all that was ever sent.
  void SendAndAwait(const Process& program, int lines) {
    const std::vector<std::string> some = SomeLines(lines);
    for (const auto& [word, count] : CountedWords(some)) expected_[word] += count;
    ASSERT_TRUE(Send(Joined(some)));
    ASSERT_TRUE(program.AwaitOut([&](std::string_view out) { return PrintedCounts(out) == expected_; }))
        << program.err();
  }

 private:
  Counts expected_;
};

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_COUNTED_TEXT_SERVER_H_
