#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "common/cli/configuration_keys.h"
#include "common/cli/edit_distance.h"
#include "common/cli/errors.h"
#include "common/cli/properties_file.h"
#include "common/cli/resolved_config.h"
#include "common/cli/values.h"
#include "tests/support/credentials.h"

namespace millstream::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(ValuesTest, DurationsAreWrittenAsInSpark) {
  EXPECT_EQ(ParseDuration("25ms", 0ms), 25ms);
  EXPECT_EQ(ParseDuration("5s", 0ms), 5s);
  EXPECT_EQ(ParseDuration("10m", 0ms), 10min);
  EXPECT_EQ(ParseDuration("10min", 0ms), 10min);
  EXPECT_EQ(ParseDuration("3H", 0ms), 3h);
  EXPECT_EQ(ParseDuration("5d", 0ms), 120h);
  EXPECT_EQ(ParseDuration("7", 1s), 7s);
  EXPECT_EQ(ParseDuration("-1s", 0ms), -1s);
  for (const char* wrong : {"", "7", "s", "1sec!", "1 s", "1.5s", "1s ", "0x1s", "+1s",
                            "99999999999999999999s", "9223372036854775807d", "--1s", "-"}) {
    EXPECT_EQ(ParseDuration(wrong, 0ms), std::nullopt) << wrong;
  }
}

TEST(ValuesTest, SizesAre1024Based) {
  EXPECT_EQ(ParseSize("64m", 1), 64 << 20);
  EXPECT_EQ(ParseSize("1G", 1), 1 << 30);
  EXPECT_EQ(ParseSize("2kb", 1), 2048);
  EXPECT_EQ(ParseSize("3b", 1), 3);
  EXPECT_EQ(ParseSize("1t", 1), int64_t{1} << 40);
  EXPECT_EQ(ParseSize("512", 1 << 20), 512 << 20);
  for (const char* wrong : {"", "m", "1x", "1.5g", "1gg", "9223372036854775807k"}) {
    EXPECT_EQ(ParseSize(wrong, 1), std::nullopt) << wrong;
  }
}

TEST(ValuesTest, ValuesArePrintedAsTheyAreWritten) {
  EXPECT_EQ(FormatDuration(200ms), "200ms");
  EXPECT_EQ(FormatDuration(10s), "10s");
  EXPECT_EQ(FormatDuration(10min), "10min");
  EXPECT_EQ(FormatDuration(0ms), "0ms");
  EXPECT_EQ(FormatSize(1 << 30), "1g");
  EXPECT_EQ(FormatSize(1500), "1500b");
}

TEST(ConfigurationKeysTest, EveryDefaultIsAValueOfItsKey) {
  for (const ConfigurationKey& key : ConfigurationKeys()) {
    EXPECT_TRUE(key.default_value.empty() || CheckValue(key, key.name, key.default_value).ok()) << key.name;
    EXPECT_TRUE(key.name.starts_with("millstream."));
    EXPECT_FALSE(key.help.empty());
  }
}

TEST(ConfigurationKeysTest, ValuesThatDoNotFitAreRefusedWithTheLimits) {
  const auto check = [](std::string_view name, std::string_view value) {
    return Message(CheckValue(**FindConfigurationKey(name), name, value));
  };
  EXPECT_THAT(check(keys::kExecutorMemory, "1m"), HasSubstr("out of range. Write a value from 16m to 64t"));
  EXPECT_THAT(check(keys::kExecutorMemory, "much"), HasSubstr("is not a size"));
  EXPECT_THAT(check(keys::kMaxTaskFailures, "0"), HasSubstr("from 1 to 1000"));
  EXPECT_THAT(check(keys::kMaxTaskFailures, "4x"), HasSubstr("is not a whole number"));
  EXPECT_THAT(check(keys::kStopContextByDefault, "yes"), HasSubstr("neither true nor false"));
  EXPECT_THAT(check(keys::kNetworkTimeout, "-1s"), HasSubstr("out of range"));
  EXPECT_THAT(check(keys::kLogLevel, "loud"), HasSubstr("is no log level"));
  for (const char* level : {"debug", "info", "warning", "error"})
    EXPECT_EQ(check(keys::kLogLevel, level), "");
  EXPECT_EQ(check(keys::kReceiverRestartDelay, "500"), "");
  EXPECT_EQ(check(keys::kBlockInterval, "200"), "");
}

TEST(EditDistanceTest, CountsInsertedDeletedReplacedAndSwappedLetters) {
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("mastre", "master"), 1u);
  EXPECT_EQ(EditDistance("Master", "master"), 0u);
  const std::string_view names[] = {"--name", "--master"};
  EXPECT_EQ(Nearest("--mstr", names), "--master");
}

TEST(EditDistanceTest, NothingIsNearWhereMoreThanTheShareIsAnother) {
  const std::string_view names[] = {"--name", "--master", "millstream.executor.memory"};
  EXPECT_EQ(Nearest("--nm", names), "--name");
  EXPECT_EQ(Nearest("--x", names), "");
  EXPECT_EQ(Nearest("foo.bar", names), "");
  EXPECT_EQ(Nearest("", names), "");
  EXPECT_EQ(Nearest("millstream.memory", names), "");
  EXPECT_EQ(Nearest("millstream.memory", names, 1), "millstream.executor.memory");
}

TEST(PropertiesTest, LinesAreKeyAndValue) {
  const auto properties = ParseProperties(
      "# a comment\r\n\n  millstream.master   local[4]\r\nmillstream.app.name = my words = here\n"
      "millstream.local.dir=/tmp/x",
      "f");
  ASSERT_TRUE(properties.ok()) << properties.status();
  EXPECT_THAT(*properties,
              ElementsAre(Pair("millstream.app.name", "my words = here"),
                          Pair("millstream.local.dir", "/tmp/x"), Pair("millstream.master", "local[4]")));
}

TEST(PropertiesTest, MistakesAreNamedWithTheirLine) {
  EXPECT_THAT(Message(ParseProperties("\nmillstream.mastr local", "f.conf").status()),
              HasSubstr("f.conf:2: millstream.mastr: there is no such configuration key. The nearest is "
                        "millstream.master"));
  EXPECT_THAT(Message(ParseProperties("millstream.master local\nmillstream.master local", "f").status()),
              HasSubstr("f:2: millstream.master: it is given twice"));
  EXPECT_THAT(Message(ParseProperties("millstream.master", "f").status()),
              HasSubstr("f:1: millstream.master"));
  EXPECT_THAT(Message(ParseProperties(std::string("\0\xff", 2), "f").status()), HasSubstr("f:1: "));
  EXPECT_THAT(Message(ReadPropertiesFile("/nowhere/f.conf").status()),
              HasSubstr("/nowhere/f.conf: No such file"));
  EXPECT_FALSE(ReadPropertiesFile("/tmp").ok());
}

class ResolvedConfigTest : public testing::Test {
 protected:
  ResolvedConfigTest() {
    std::ofstream(file_)
        << "millstream.master local[1]\nmillstream.app.name from-file\nmillstream.local.dir /file\n";
  }

  const test::TemporaryFolder folder_;
  const std::string file_ = folder_.File("properties");
  std::vector<std::string> notices_;
};

TEST_F(ResolvedConfigTest, TheCommandLineWinsOverEnvironmentCodeAndFile) {
  EngineFlags flags;
  flags.configuration["millstream.streaming.blockInterval"] = "50ms";
  const auto config = ResolvedConfig::Resolve(flags, {"local[3]", file_},
                                              {{"millstream.master", "local[2]"},
                                               {"millstream.app.name", "Words"},
                                               {"millstream.streaming.blockInterval", "1s"}},
                                              &notices_);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->Get(keys::kMaster), "local[3]");
  EXPECT_EQ(config->GetMaster().cores_per_executor, 3);
  EXPECT_EQ(config->Get(keys::kAppName), "Words");
  EXPECT_EQ(config->Get(keys::kLocalDir), "/file");
  EXPECT_EQ(config->GetDuration(keys::kBlockInterval), 50ms);
  EXPECT_EQ(config->GetDuration(keys::kNetworkTimeout), 10s);
  EXPECT_EQ(config->GetDuration(keys::kGracefulStopTimeout), std::nullopt);
  EXPECT_EQ(config->GetInteger(keys::kMaxTaskFailures), 4);
  EXPECT_EQ(config->GetBytes(keys::kExecutorMemory), 1 << 30);
  EXPECT_TRUE(config->GetBoolean(keys::kStopContextByDefault));
  EXPECT_THAT(
      notices_,
      ElementsAre(
          "millstream.master: local[3] (environment) replaces local[2], which the program sets",
          "millstream.streaming.blockInterval: 50ms (command line) replaces 1s, which the program sets"));

  const auto copy = ResolvedConfig::FromValues(config->values());
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ(copy->values(), config->values());
}

TEST_F(ResolvedConfigTest, WithNothingGivenTheDefaultsHold) {
  const auto config = ResolvedConfig::Resolve({}, {}, {}, &notices_);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->Get(keys::kMaster), "local[*]");
  EXPECT_EQ(config->Get(keys::kAppName), "");
  EXPECT_THAT(notices_, IsEmpty());
}

TEST_F(ResolvedConfigTest, MistakesOfEverySourceAreRefused) {
  EXPECT_THAT(Message(ResolvedConfig::Resolve({}, {"spark://h", ""}, {}, &notices_).status()),
              HasSubstr("MILLSTREAM_MASTER: \"spark://h\" is not a master"));
  EXPECT_FALSE(ResolvedConfig::Resolve({}, {"", "/nowhere"}, {}, &notices_).ok());
  EXPECT_THAT(Message(ResolvedConfig::Resolve({}, {}, {{"millstream.nam", "x"}}, &notices_).status()),
              HasSubstr("millstream.nam: there is no such configuration key"));
  EngineFlags flags;
  flags.properties_file = "/elsewhere";
  EXPECT_THAT(Message(ResolvedConfig::Resolve(flags, {"", file_}, {}, &notices_).status()),
              HasSubstr("/elsewhere"));
}

TEST(EnvironmentTest, OnlyItsTwoVariablesAreRead) {
  setenv("MILLSTREAM_MASTER", "local[7]", 1);
  unsetenv("MILLSTREAM_PROPERTIES_FILE");
  EXPECT_EQ(ReadEnvironment().master, "local[7]");
  EXPECT_EQ(ReadEnvironment().properties_file, "");
  unsetenv("MILLSTREAM_MASTER");
}

TEST(ErrorsTest, AFailureIsOneLine) {
  EXPECT_EQ(ErrorLine("port", "\"a\nb\" is no number", "Write 1 to 65535"),
            "millstream: error: port: \"a b\" is no number. Write 1 to 65535");
  EXPECT_EQ(ErrorLine(absl::InternalError("it\x1b[31m broke")), "millstream: error: it [31m broke");
  EXPECT_EQ(ErrorLine("a", "b", ""), "millstream: error: a: b");
}

}  // namespace
}  // namespace millstream::cli
