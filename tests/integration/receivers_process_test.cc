// A program with receivers of its own, as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/proc.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"

namespace millstream::test {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> Thermometers(const std::string& master, std::vector<std::string> more) {
  std::vector<std::string> arguments = {Example("thermometers"),
                                        "--master",
                                        master,
                                        "--batch-interval",
                                        "50ms",
                                        "--conf",
                                        "millstream.streaming.blockInterval=10ms"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

int Occurrences(std::string_view text, std::string_view what) {
  int count = 0;
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
  return count;
}

class ReceiverProgramTest : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Masters, ReceiverProgramTest,
                         ::testing::Values("local[3]", "local-cluster[2,2,512]", "local-cluster[3,1,512]"));

TEST_P(ReceiverProgramTest, ReceivesFromAllItsReceiversUntilItIsStopped) {
  Process program(Thermometers(GetParam(), {"kitchen", "cellar"}));
  EXPECT_TRUE(program.AwaitOut("(kitchen,")) << program.err();
  EXPECT_TRUE(program.AwaitOut("(cellar,")) << program.err();
  program.Signal(SIGTERM);
  const std::optional<Exit> exit = program.AwaitExit();
  ASSERT_TRUE(exit) << program.err();
  EXPECT_EQ(exit->code, 0) << program.err();
  EXPECT_EQ(ErrorLines(program.err()), 0) << program.err();
}

TEST(ReceiverPrograms, AReceiverWhoseExecutorIsKilledGoesOnElsewhere) {
  Process program(Thermometers("local-cluster[2,2,512]", {"kitchen", "cellar"}));
  ASSERT_TRUE(program.AwaitOut("(kitchen,")) << program.err();
  ASSERT_TRUE(program.AwaitOut("(cellar,")) << program.err();
  kill(ChildrenOf(program.pid()).at(0), SIGKILL);
  ASSERT_TRUE(program.AwaitErr("its work moves")) << program.err();
  const size_t before = program.out().size();
  // What had come in before is gone after a batch or two.
  EXPECT_TRUE(program.AwaitOut([&](std::string_view out) {
    return Occurrences(out.substr(before), "(kitchen,") >= 10 &&
           Occurrences(out.substr(before), "(cellar,") >= 10;
  })) << program.err();
  program.Signal(SIGTERM);
  const std::optional<Exit> exit = program.AwaitExit();
  ASSERT_TRUE(exit) << program.err();
  EXPECT_EQ(exit->code, 0) << program.err();
}

struct Refusal {
  std::vector<std::string> more;
  int code;
  const char* says;
};

TEST(ReceiverPrograms, WhatCannotRunIsRefusedWithOneLine) {
  const Refusal refusals[] = {
      {{}, 2, "usage: thermometers"},
      {{"kitchen", "cellar", "attic"}, 5, "cores"},
      {{"--conf", "millstream.streaming.receiver.maxRate=fast", "kitchen"}, 2, "is not a whole number"},
  };
  for (const Refusal& refusal : refusals) {
    Process program(Thermometers("local[3]", refusal.more));
    const std::optional<Exit> exit = program.AwaitExit();
    ASSERT_TRUE(exit) << program.err();
    EXPECT_EQ(exit->code, refusal.code) << program.err();
    EXPECT_EQ(ErrorLines(program.err()), 1) << program.err();
    EXPECT_THAT(program.err(), HasSubstr(refusal.says));
  }
}

}  // namespace
}  // namespace millstream::test
