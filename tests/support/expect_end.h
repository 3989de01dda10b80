#ifndef MILLSTREAM_TESTS_SUPPORT_EXPECT_END_H_
#define MILLSTREAM_TESTS_SUPPORT_EXPECT_END_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace millstream::test {

// The program is to end with `code`, print nothing, and say one error line that holds each of `says`.
inline void ExpectRefused(Process& program, int code, const std::vector<std::string>& says) {
  const std::optional<Exit> exit = program.AwaitExit();
  ASSERT_TRUE(exit) << program.err();
  EXPECT_EQ(exit->code, code) << program.err();
  EXPECT_EQ(ErrorLines(program.err()), 1) << program.err();
  EXPECT_EQ(program.out(), "");
  const std::string err = program.err();
  const std::string line = err.substr(std::min(err.find("millstream: error:"), err.size()));
  for (const std::string& part : says)
    EXPECT_THAT(line.substr(0, line.find('\n')), ::testing::HasSubstr(part));
}
inline void ExpectRefused(const std::vector<std::string>& command_line, int code,
                          const std::vector<std::string>& says) {
  Process program(command_line);
  ExpectRefused(program, code, says);
}

// Stops the program as an operator does: it is to end with 0 and no error line.
inline void ExpectGracefulEnd(Process& program) {
  program.Signal(SIGTERM);
  const std::optional<Exit> exit = program.AwaitExit();
  ASSERT_TRUE(exit) << program.err();
  EXPECT_EQ(exit->code, 0) << program.err();
  EXPECT_EQ(ErrorLines(program.err()), 0) << program.err();
}

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_EXPECT_END_H_
