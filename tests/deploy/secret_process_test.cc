// `millstream secret` and what else the command does with its arguments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/security/cluster_secret.h"
#include "tests/support/credentials.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"

namespace millstream::test {
namespace {

using ::testing::HasSubstr;

// The exit code of `millstream ARGUMENTS`; what it wrote.
struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

Outcome RunCommand(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), Example("millstream"));
  Process command(arguments);
  const std::optional<Exit> exit = command.AwaitExit();
  return {exit ? exit->code : -1, command.out(), command.err()};
}

void ExpectRefused(const Outcome& outcome, const std::string& says) {
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(ErrorLines(outcome.err), 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(says));
}

TEST(SecretCommandTest, ItMakesASecretOnceAndTellsNothingOfIt) {
  const TemporaryFolder folder;
  const std::string file = folder.File("cluster");
  const Outcome made = RunCommand({"secret", file});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.out, file + ": made. Copy it to every host of the cluster, with mode 0600\n");
  EXPECT_EQ(made.err, "");
  EXPECT_TRUE(security::ClusterSecret::Read(file).ok());
  ExpectRefused(RunCommand({"secret", file}), file + ": it exists already");
  EXPECT_TRUE(security::ClusterSecret::Read(file).ok());
}

TEST(SecretCommandTest, WhatItCannotDoIsRefusedInOneLine) {
  const TemporaryFolder folder;
  ExpectRefused(RunCommand({"secret", folder.File("missing/cluster")}), "No such file or directory");
  ExpectRefused(RunCommand({"secret"}), "one file");
  ExpectRefused(RunCommand({"secret", ""}), "one file");
  ExpectRefused(RunCommand({"secret", "--force"}), "--force: there is no such flag");
  ExpectRefused(RunCommand({"secret", folder.File("a"), folder.File("b")}), "one file");
}

TEST(CommandTest, ItHelpsAndNamesTheNearestSubcommand) {
  const Outcome help = RunCommand({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("secret"));
  EXPECT_THAT(RunCommand({"secret", "--help"}).out, HasSubstr("millstream secret FILE"));
  ExpectRefused(RunCommand({"secrte"}), "secret");
  ExpectRefused(RunCommand({}), "--help");
}

}  // namespace
}  // namespace millstream::test
