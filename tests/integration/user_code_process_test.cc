// User code that fails in every way: exit codes, and the one line that says what happened.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/process.h"
#include "tests/support/programs.h"

namespace millstream::test {
namespace {

using ::testing::HasSubstr;

struct Outcome {
  const char* master;
  const char* how;
  int code;  // -1: by the signal
  int signal;
  std::vector<const char*> says;  // on the one error line
};

void PrintTo(const Outcome& outcome, std::ostream* out) { *out << outcome.how << " in " << outcome.master; }

std::string ErrorLineOf(const std::string& err) {
  const size_t at = err.find("millstream: error:");
  return at == std::string::npos ? "" : err.substr(at, err.find('\n', at) - at);
}

class UserCodeTest : public ::testing::TestWithParam<Outcome> {};

constexpr const char* kCluster = "local-cluster[2,1,512]";

INSTANTIATE_TEST_SUITE_P(
    All, UserCodeTest,
    ::testing::Values(
        Outcome{"local[2]", "abort", -1, SIGABRT, {"seven", "SIGABRT"}},
        Outcome{"local[2]", "recurse", -1, SIGSEGV, {"seven", "SIGSEGV"}},
        Outcome{"local[2]", "throw-int", 1, 0, {"batch 0", "seven", "int: 42"}},
        Outcome{"local[2]",
                "throw-in-build",
                1,
                0,
                {"Run: the function given to it threw std::invalid_argument: no such sensor"}},
        Outcome{"local[2]", "throw", 1, 0, {"batch 0", "seven", "std::runtime_error: no sevens"}},
        Outcome{kCluster, "abort", 1, 0, {"batch 0", "seven", "SIGABRT", "Fix the function passed to seven"}},
        Outcome{kCluster, "recurse", 1, 0, {"batch 0", "seven", "SIGSEGV"}},
        Outcome{kCluster, "throw-int", 1, 0, {"batch 0", "seven", "int: 42", "4 times"}},
        Outcome{kCluster, "throw", 1, 0, {"batch 0", "seven", "std::runtime_error: no sevens", "4 times"}}));

TEST_P(UserCodeTest, EndsWithOneLineThatNamesOperationAndCause) {
  Process program({TestProgram("misbehave"), "--master", GetParam().master, GetParam().how});
  const std::optional<Exit> exit = program.AwaitExit();
  ASSERT_TRUE(exit) << program.err();
  EXPECT_EQ(exit->code, GetParam().code) << program.err();
  EXPECT_EQ(exit->signal, GetParam().signal) << program.err();
  EXPECT_EQ(ErrorLines(program.err()), 1) << program.err();
  for (const char* part : GetParam().says)
    EXPECT_THAT(ErrorLineOf(program.err()), HasSubstr(part)) << program.err();
}

}  // namespace
}  // namespace millstream::test
