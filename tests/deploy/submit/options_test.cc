#include "deploy/submit/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millstream::deploy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class OptionsTest : public testing::Test {
 protected:
  absl::StatusOr<std::vector<std::string>> Parse(std::vector<std::string> arguments) {
    return ParseOptions(arguments, options_, help_, "; the hint");
  }
  std::string Refusal(std::vector<std::string> arguments) {
    const auto rest = Parse(std::move(arguments));
    EXPECT_TRUE(absl::IsInvalidArgument(rest.status()));
    return std::string(rest.status().message());
  }

  std::string conf_;
  std::string name_;
  bool help_ = false;
  const std::vector<Option> options_{
      {"--conf", "KEY=VALUE", "a configuration key", SetText(conf_, "--conf"), "-c"},
      {"--name", "NAME", "what it is called", SetText(name_, "--name")}};
};

TEST_F(OptionsTest, AFlagsShortNameIsTheFlag) {
  for (const std::vector<std::string>& written :
       std::vector<std::vector<std::string>>{{"-c", "a=b", "x"}, {"-c=a=b", "x"}, {"--conf=a=b", "x"}}) {
    conf_.clear();
    const auto rest = Parse(written);
    ASSERT_TRUE(rest.ok()) << rest.status();
    EXPECT_EQ(conf_, "a=b");
    EXPECT_THAT(*rest, ElementsAre("x"));
  }
  ASSERT_TRUE(Parse({"-h"}).ok());
  EXPECT_TRUE(help_);
}

TEST_F(OptionsTest, HelpSaysAllThatIsTrueOfEveryFlagThatIsTaken) {
  EXPECT_EQ(OptionsHelp(options_),
            "  --conf, -c KEY=VALUE          a configuration key\n"
            "  --name NAME                   what it is called\n"
            "  --help, -h                    this text\n");
}

TEST_F(OptionsTest, AnUnknownFlagIsRefusedWithTheNearestOneAndTheHint) {
  EXPECT_EQ(Refusal({"--nam", "x"}), "--nam: there is no such flag. The nearest is --name; the hint");
  EXPECT_EQ(Refusal({"--help-me"}), "--help-me: there is no such flag. The nearest is --help; the hint");
  EXPECT_EQ(Refusal({"--jars", "x"}),
            "--jars: this is spark-submit's flag, and nothing runs in a JVM here. Link the program with its "
            "libraries: the shared ones travel with it; the hint");
}

TEST_F(OptionsTest, WhereNoFlagIsNearNoneIsNamed) {
  for (const char* far : {"--wait-timeout", "--stdout", "-x", "--0"}) {
    EXPECT_THAT(Refusal({far, "x"}),
                HasSubstr("there is no such flag. --help lists those there are; the hint"))
        << far;
  }
}

}  // namespace
}  // namespace millstream::deploy
