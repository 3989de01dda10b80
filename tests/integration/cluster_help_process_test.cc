// What the commands of a cluster say of themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

#include "tests/support/cluster.h"
#include "tests/support/expect_end.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"

namespace millstream::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

std::vector<std::string> Command(std::vector<std::string> arguments) {
  return MillstreamCommand(MILLSTREAM_BIN_DIR, std::move(arguments));
}

TEST(ClusterHelpTest, TheVersionIsOneLine) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--version"}, {"version"}, {"submit", "--version"}}) {
    Process version(Command(arguments));
    EXPECT_EQ(version.AwaitExit()->code, 0);
    EXPECT_EQ(version.out(), "millstream 0.1.0\n");
  }
}

// The flags that a help text lists.
std::set<std::string> FlagsIn(const std::string& help) {
  std::set<std::string> flags;
  const std::regex line("\n  (-[-a-z]+)(, (-[a-z]))?");
  for (std::sregex_iterator match(help.begin(), help.end(), line); match != std::sregex_iterator(); ++match) {
    flags.insert((*match)[1]);
    if ((*match)[3].matched) flags.insert((*match)[3]);
  }
  return flags;
}

TEST(ClusterHelpTest, ACommandTakesNoFlagOfAnotherThatItsHelpDoesNotList) {
  std::map<std::string, std::set<std::string>> flags;
  std::set<std::string> all;
  for (const char* command : {"secret", "master", "worker", "submit", "list", "logs", "doctor"}) {
    Process help(Command({command, "--help"}));
    EXPECT_EQ(help.AwaitExit()->code, 0);
    flags[command] = FlagsIn(help.out());
    EXPECT_TRUE(flags[command].contains("--help")) << help.out();
    if (flags[command].contains("--wait-timeout")) {
      EXPECT_THAT(help.out(), ContainsRegex("--wait-timeout DURATION [^\n]*default [0-9]+s"));
    }
    for (const char* flag : {"--memory", "--executor-memory", "--driver-memory"}) {
      if (!flags[command].contains(flag)) continue;
      EXPECT_THAT(help.out(),
                  ContainsRegex(std::string("\n  ") + flag + " SIZE [^\n]*a number alone is MiB"));
    }
    all.insert(flags[command].begin(), flags[command].end());
  }
  EXPECT_GT(all.size(), 30u);
  for (const auto& [command, listed] : flags) {
    for (const std::string& flag : all) {
      if (!listed.contains(flag)) ExpectRefused(Command({command, flag}), 2, {flag, "there is no such flag"});
    }
  }
}

TEST(ClusterHelpTest, EveryCommandExplainsItself) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--help"},
                                             {"help"},
                                             {"help", "help"},
                                             {"-h"},
                                             {"master", "--help"},
                                             {"worker", "--help"},
                                             {"submit", "--help"},
                                             {"list", "-h"},
                                             {"logs", "--help"},
                                             {"doctor", "--help"},
                                             {"secret", "--help"}}) {
    Process help(Command(arguments));
    EXPECT_EQ(help.AwaitExit()->code, 0);
    const bool command = arguments.size() > 1 && arguments[0] != "help";
    EXPECT_THAT(help.out(), HasSubstr("Usage: millstream " + (command ? arguments[0] : "COMMAND")));
    EXPECT_THAT(help.out(), HasSubstr(command ? "\n  --help, -h " : "millstream COMMAND --help"));
    EXPECT_EQ(help.err(), "");
    if (!command) continue;
    Process asked(Command({"help", arguments[0]}));
    EXPECT_EQ(asked.AwaitExit()->code, 0);
    EXPECT_EQ(asked.out(), help.out());
  }
  ExpectRefused(Command({"help", "mastre"}), 2, {"mastre: there is no such command. The nearest is master"});
  ExpectRefused(Command({"hlep"}), 2, {"The nearest is help"});
  ExpectRefused(Command({"help", "master", "worker"}), 2, {"worker: there is nothing to do with it here"});
  ExpectRefused(Command({"version", "1"}), 2, {"1: there is nothing to do with it here"});
}

TEST(ClusterHelpTest, SubmitTakesEveryFlagThatProgramsTake) {
  Process program({Example("network_word_count"), "--help"});
  Process submit(Command({"submit", "--help"}));
  EXPECT_EQ(program.AwaitExit()->code, 0);
  EXPECT_EQ(submit.AwaitExit()->code, 0);
  const std::set<std::string> flags = FlagsIn(program.out());
  EXPECT_TRUE(flags.contains("--batch-interval") && flags.contains("--log-level")) << program.out();
  EXPECT_THAT(FlagsIn(submit.out()), IsSupersetOf(flags));
}

}  // namespace
}  // namespace millstream::test
