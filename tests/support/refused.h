#ifndef MILLSTREAM_TESTS_SUPPORT_REFUSED_H_
#define MILLSTREAM_TESTS_SUPPORT_REFUSED_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace millstream::test {

// Runs a command that is to end with `code`, print nothing, and say one error line that holds each of `says`.
inline void ExpectRefused(const std::vector<std::string>& command_line, int code,
                          const std::vector<std::string>& says) {
  Process program(command_line);
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

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_REFUSED_H_
