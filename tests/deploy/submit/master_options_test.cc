#include "deploy/submit/master_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millstream::deploy {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<MasterQuery> QueryOf(std::vector<std::string> flags) {
  Values values;
  bool help = false;
  const std::vector<Option> options = MasterOptions(values);
  const auto rest = ParseOptions(flags, options, help);
  if (!rest.ok()) return rest.status();
  return MasterQueryOf(values);
}

std::string Refusal(std::vector<std::string> flags) {
  const absl::Status status = QueryOf(std::move(flags)).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

TEST(MasterOptionsTest, AnAnswerIsAwaitedForTenSecondsOrAsLongAsTheFlagSays) {
  const auto silent = QueryOf({"--master", "millstream://127.0.0.1:7077"});
  ASSERT_TRUE(silent.ok()) << silent.status();
  EXPECT_THAT(silent->access.masters, ElementsAre("127.0.0.1:7077"));
  EXPECT_EQ(silent->patience, 10s);
  for (const auto& [written, meant] :
       std::vector<std::pair<std::string, std::chrono::milliseconds>>{{"200ms", 200ms}, {"30", 30s}}) {
    EXPECT_EQ(QueryOf({"--master", "millstream://127.0.0.1:7077", "--wait-timeout", written})->patience,
              meant);
  }
}

TEST(MasterOptionsTest, WhatNamesNoClustersMasterIsRefused) {
  EXPECT_THAT(Refusal({}), HasSubstr("--master: it says nowhere which master to ask"));
  for (const auto& [wrong, meant] :
       std::vector<std::pair<std::string, std::string>>{{"", "HOST:PORT"},
                                                        {"local", "HOST:PORT"},
                                                        {"localhost:7077", "localhost:7077"},
                                                        {"spark://h:7077", "h:7077"}}) {
    EXPECT_THAT(Refusal({"--master", wrong}), HasSubstr("Write millstream://" + meant)) << wrong;
  }
  EXPECT_THAT(Refusal({"--wait-timeout", "soon"}), HasSubstr("--wait-timeout: \"soon\" is not a duration"));
}

}  // namespace
}  // namespace millstream::deploy
