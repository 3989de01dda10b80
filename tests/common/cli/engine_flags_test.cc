#include "common/cli/engine_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/cli/configuration_keys.h"
#include "common/cli/resolved_config.h"

namespace millstream::cli {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

absl::StatusOr<EngineFlags> Parse(std::vector<const char*> arguments) { return ParseEngineFlags(arguments); }

std::string Refusal(std::vector<const char*> arguments) {
  const absl::StatusOr<EngineFlags> flags = Parse(std::move(arguments));
  EXPECT_TRUE(absl::IsInvalidArgument(flags.status()));
  return std::string(flags.status().message());
}

std::string Value(const EngineFlags& flags, std::string_view key) {
  const auto found = flags.configuration.find(std::string(key));
  return found == flags.configuration.end() ? "" : found->second;
}

TEST(EngineFlagsTest, FlagsAreReadUpToTheFirstPositionalArgument) {
  const auto flags = Parse(
      {"--master", "local[2]", "--name=Words", "--batch-interval", "200ms", "localhost", "--name", "mine"});
  ASSERT_TRUE(flags.ok()) << flags.status();
  EXPECT_EQ(Value(*flags, keys::kMaster), "local[2]");
  EXPECT_EQ(Value(*flags, keys::kAppName), "Words");
  EXPECT_EQ(Value(*flags, keys::kBatchInterval), "200ms");
  EXPECT_THAT(flags->arguments, ElementsAre("localhost", "--name", "mine"));
}

TEST(EngineFlagsTest, TwoDashesEndTheFlags) {
  const auto flags = Parse({"--master=local", "--", "--mine", "--", "x"});
  ASSERT_TRUE(flags.ok()) << flags.status();
  EXPECT_THAT(flags->arguments, ElementsAre("--mine", "--", "x"));
}

TEST(EngineFlagsTest, ConfMayBeRepeatedAndTheLastValueOfAKeyCounts) {
  const auto flags =
      Parse({"--conf", "millstream.streaming.blockInterval=50ms", "--conf=millstream.local.dir=/a=b", "-c",
             "millstream.streaming.blockInterval=60ms", "--properties-file", "f.conf", "--help"});
  ASSERT_TRUE(flags.ok()) << flags.status();
  EXPECT_EQ(Value(*flags, keys::kBlockInterval), "60ms");
  EXPECT_EQ(Value(*flags, keys::kLocalDir), "/a=b");
  EXPECT_EQ(flags->properties_file, "f.conf");
  EXPECT_TRUE(flags->help);
  EXPECT_TRUE(flags->arguments.empty());
}

TEST(EngineFlagsTest, AnUnknownFlagIsRefusedWithTheNearestOne) {
  EXPECT_THAT(Refusal({"--mater", "local"}),
              HasSubstr("--mater: there is no such flag. The nearest is --master"));
  EXPECT_THAT(Refusal({"--batchinterval=1s"}), HasSubstr("--batch-interval"));
}

TEST(EngineFlagsTest, WhereNoFlagOrKeyIsNearNoneIsNamed) {
  EXPECT_THAT(Refusal({"--checkpoint", "d"}), HasSubstr("there is no such flag. --help lists"));
  EXPECT_THAT(Refusal({"-x"}), HasSubstr("there is no such flag. --help lists"));
  EXPECT_EQ(Refusal({"--conf", "foo.bar=1"}),
            "foo.bar: there is no such configuration key. A program's --help lists those there are");
  EXPECT_EQ(Refusal({"--conf", "spark.serializer=x"}),
            "spark.serializer: this is Spark's key and has no counterpart here. Leave it out");
}

TEST(EngineFlagsTest, SparkSubmitsFlagsThatAreNotHereSayWhy) {
  for (const char* flag : {"--archives", "--class", "--driver-class-path", "--driver-java-options",
                           "--driver-library-path", "--exclude-packages", "--jars", "--keytab", "--packages",
                           "--principal", "--proxy-user", "--py-files", "--queue", "--repositories"}) {
    EXPECT_THAT(Refusal({flag, "x"}), HasSubstr(std::string(flag) + ": this is spark-submit's flag, and "));
  }
  EXPECT_THAT(Refusal({"--keytab", "x"}), HasSubstr("there is no Kerberos here. Give the cluster's secret"));
}

TEST(EngineFlagsTest, AnUnknownKeyIsRefusedWithTheNearestOne) {
  EXPECT_THAT(Refusal({"--conf", "millstream.streaming.blockIntervall=1s"}),
              HasSubstr("The nearest is millstream.streaming.blockInterval"));
  EXPECT_THAT(Refusal({"--conf", "spark.streaming.blockInterval=1s"}),
              HasSubstr("Write millstream.streaming.blockInterval"));
  EXPECT_THAT(Refusal({"--conf", "spark.streaming.stopSparkContextByDefault=true"}),
              HasSubstr("Write millstream.streaming.stopContextByDefault"));
  EXPECT_THAT(Refusal({"--conf", "spark.serializer=x"}), HasSubstr("has no counterpart"));
}

TEST(EngineFlagsTest, MalformedFlagsAreRefused) {
  EXPECT_THAT(Refusal({"--master"}), HasSubstr("--master: its value is missing"));
  EXPECT_THAT(Refusal({"--help=yes"}), HasSubstr("--help: it takes no value"));
  EXPECT_THAT(Refusal({"--conf", "millstream.local.dir"}), HasSubstr("has no ="));
  EXPECT_THAT(Refusal({"--batch-interval", "0"}), HasSubstr("--batch-interval: \"0\" is not a duration"));
  EXPECT_THAT(Refusal({"--batch-interval", "0s"}), HasSubstr("out of range. Write a value from 1ms to 1d"));
  EXPECT_THAT(Refusal({"--batch-interval", "1sec!"}), HasSubstr("25ms, 5s, 10m, 3h or 5d"));
  EXPECT_THAT(Refusal({"--master", "local[0]"}), HasSubstr("--master: \"local[0]\" is not a master"));
  EXPECT_THAT(Refusal({"--name="}), HasSubstr("--name: the value is empty"));
}

TEST(EngineFlagsTest, HelpNamesEveryFlagAndKey) {
  const std::string help = EngineFlagsHelp("word_count");
  for (const char* flag :
       {"--master MASTER", "--name NAME", "--conf, -c KEY=VALUE", "--batch-interval DURATION",
        "--properties-file FILE", "--secret-file FILE", "--log-level LEVEL", "--log-dir DIR", "--help, -h"}) {
    EXPECT_THAT(help, HasSubstr(flag));
  }
  for (const ConfigurationKey& key : ConfigurationKeys()) EXPECT_THAT(help, HasSubstr(std::string(key.name)));
}

TEST(EngineFlagsTest, HelpSaysWhatANumberWithoutAUnitCounts) {
  const std::string help = EngineFlagsHelp("word_count");
  for (const auto& [key, ends] : std::vector<std::pair<std::string_view, std::string>>{
           {keys::kExecutorMemory, "; a number alone is MiB"},
           {keys::kDriverMemory, "; a number alone is MiB"},
           {keys::kMaxResultSize, "; a number alone is bytes"},
           {keys::kBlockInterval, "; a number alone is ms"},
           {keys::kNetworkTimeout, "; a number alone is s"},
           {keys::kBatchInterval, "the time from one batch to the next"},
           {keys::kExecutorCores, "all free cores of a worker if not"}}) {
    const size_t start = help.find("\n  " + std::string(key));
    ASSERT_NE(start, help.npos) << key;
    const size_t text = help.find('\n', start + 1) + 1;
    EXPECT_THAT(help.substr(text, help.find('\n', text) - text), EndsWith(ends)) << key;
  }
  std::vector<std::string> notices;
  EngineFlags flags;
  flags.configuration[std::string(keys::kExecutorMemory)] = "512";
  flags.configuration[std::string(keys::kMaxResultSize)] = "512";
  const auto config = ResolvedConfig::Resolve(flags, {}, {}, &notices);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->GetBytes(keys::kExecutorMemory), 512 << 20);
  EXPECT_EQ(config->GetBytes(keys::kMaxResultSize), 512);
}

}  // namespace
}  // namespace millstream::cli
