// What is wrong on the command line: exit codes, and one line that names it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/expect_end.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"

namespace millstream::test {
namespace {

struct BadInput {
  const char* name;
  std::vector<const char*> arguments;
  int code;
  std::vector<const char*> says;  // on the one error line
};

void PrintTo(const BadInput& input, std::ostream* out) { *out << input.name; }

class BadInputTest : public ::testing::TestWithParam<BadInput> {};

const BadInput kInputs[] = {
    {"UnknownFlag", {"--mastre", "local[2]", "localhost", "9999"}, 2, {"--mastre", "--master"}},
    {"FlagWithoutValue", {"--master"}, 2, {"--master"}},
    {"UnknownKey",
     {"--conf", "millstream.network.timout=1s", "localhost", "9999"},
     2,
     {"millstream.network.timout", "millstream.network.timeout"}},
    {"SparkKey",
     {"--conf", "spark.streaming.blockInterval=1s", "localhost", "9999"},
     2,
     {"spark.streaming.blockInterval", "millstream.streaming.blockInterval"}},
    {"MalformedMaster", {"--master", "local[x]", "localhost", "9999"}, 2, {"local[x]"}},
    {"UnknownMaster", {"--master", "yarn", "localhost", "9999"}, 2, {"yarn"}},
    {"NoCores", {"--master", "local[0]", "localhost", "9999"}, 2, {"local[0]"}},
    {"MalformedCluster", {"--master", "local-cluster[2,1]", "localhost", "9999"}, 2, {"local-cluster[2,1]"}},
    {"OneCoreForAReceiver", {"--master", "local[1]", "localhost", "9999"}, 5, {"2", "--master 'local[2]'"}},
    {"OneCoreOfAClusterForAReceiver", {"--master", "local-cluster[1,1,512]", "localhost", "9999"}, 5, {"2"}},
    {"IntervalOfZero", {"--batch-interval", "0", "localhost", "9999"}, 2, {"batch-interval", "0"}},
    {"MalformedInterval", {"--batch-interval", "1sec!", "localhost", "9999"}, 2, {"1sec!"}},
    {"NegativeInterval", {"--batch-interval", "-1s", "localhost", "9999"}, 2, {"-1s"}},
    {"PortThatIsNoNumber", {"localhost", "http"}, 2, {"http"}},
    {"PortAboveAll", {"localhost", "70000"}, 2, {"70000"}},
    {"PortOfZero", {"localhost", "0"}, 2, {"port"}},
    {"UnknownLogLevel", {"--log-level", "loud", "localhost", "9999"}, 2, {"--log-level", "loud", "debug"}},
    {"LogDirectoryThatCannotBe", {"--log-dir", "/dev/null/log", "localhost", "9999"}, 2, {"/dev/null/log"}},
    {"LocalDirectoryThatCannotBe",
     {"--master", "local[2]", "--conf", "millstream.local.dir=/dev/null/spill", "localhost", "9999"},
     2,
     {"millstream.local.dir", "/dev/null/spill"}},
    {"NoArguments", {}, 2, {"usage"}},
};

INSTANTIATE_TEST_SUITE_P(All, BadInputTest, ::testing::ValuesIn(kInputs),
                         [](const auto& input) { return std::string(input.param.name); });

TEST_P(BadInputTest, IsRefusedInOneLineThatNamesIt) {
  std::vector<std::string> arguments = {Example("network_word_count")};
  arguments.insert(arguments.end(), GetParam().arguments.begin(), GetParam().arguments.end());
  Process program(arguments);
  ExpectRefused(program, GetParam().code, {GetParam().says.begin(), GetParam().says.end()});
}

TEST(NoOutputTest, IsRefusedInOneLineThatNamesIt) {
  Process program({TestProgram("no_output"), "--master", "local[2]"});
  ExpectRefused(program, 2, {"No output operations registered"});
}

TEST(TextSourceTest, HelpThatIsAskedForIsNoError) {
  for (const char* flag : {"--help", "-h"}) {
    Process asked({Example("text_source"), flag});
    EXPECT_EQ(asked.AwaitExit()->code, 0);
    EXPECT_EQ(asked.out(), "usage: text_source PORT [LINES_PER_SECOND]\n");
    EXPECT_EQ(asked.err(), "");
  }
  Process wrong({Example("text_source"), "--port"});
  EXPECT_EQ(wrong.AwaitExit()->code, 2);
  EXPECT_EQ(wrong.out(), "");
  EXPECT_EQ(wrong.err(), "usage: text_source PORT [LINES_PER_SECOND]\n");
}

}  // namespace
}  // namespace millstream::test
