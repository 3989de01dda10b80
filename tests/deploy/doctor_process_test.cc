// `millstream doctor`: its lines and its exit code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "common/security/cluster_secret.h"
#include "tests/support/cluster.h"
#include "tests/support/credentials.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"
#include "tests/support/text_server.h"

namespace millstream::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

Outcome RunCommand(std::vector<std::string> arguments) {
  Process command(MillstreamCommand(MILLSTREAM_BIN_DIR, std::move(arguments)));
  const std::optional<Exit> exit = command.AwaitExit();
  return {exit ? exit->code : -1, command.out(), command.err()};
}

class DoctorTest : public ::testing::Test {
 protected:
  // Beside a master, so that nothing depends on who holds this host's port 7077.
  Outcome Doctor(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"doctor", "--master", cluster_.url(), "--work-dir", folder_.File("work")});
    return RunCommand(std::move(arguments));
  }

  Outcome DoctorWith(const std::string& properties) {
    std::ofstream(folder_.File("properties")) << properties;
    setenv("MILLSTREAM_PROPERTIES_FILE", folder_.File("properties").c_str(), 1);
    Outcome outcome = Doctor({});
    unsetenv("MILLSTREAM_PROPERTIES_FILE");
    return outcome;
  }

  Cluster cluster_{MILLSTREAM_BIN_DIR};
  const TemporaryFolder folder_;
};

TEST_F(DoctorTest, AHostThatWillDoIsExit0WithALineForEachThing) {
  const Outcome outcome = Doctor({Example("network_word_count")});
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, MatchesRegex("((OK|WARN)  [^\n]+: [^\n]+\n)+"));
  for (const char* thing :
       {"any port: ", "host name ", "open files: ", "processes: ", "directory ",
        "millstream.local.dir /tmp: ", "file system of ", "network_word_count: all ",
        "clock: ", "OK  master millstream://127.0.0.1:", "OK  clocks: this host's and the master's"}) {
    EXPECT_THAT(outcome.out, HasSubstr(thing));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.File("work")));
}

TEST_F(DoctorTest, WithoutAProgramTheCommandsOwnLibrariesAreLookedAt) {
  EXPECT_THAT(Doctor({}).out, ContainsRegex("OK  libraries of [^\n]*/millstream: all [0-9]+ are there"));
}

TEST_F(DoctorTest, ALibraryThatThisHostLacksFails) {
  std::ifstream program(Example("network_word_count"), std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(program), {}};
  for (const std::string name = "libmillstream.so"; bytes.find(name) != std::string::npos;) {
    bytes.replace(bytes.find(name), name.size(), "libmellstream.so");
  }
  std::ofstream(folder_.File("app"), std::ios::binary) << bytes;
  const Outcome outcome = Doctor({folder_.File("app")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out,
              ContainsRegex("FAIL  libraries of [^\n]*/app: this host does not have libmellstream"));
}

TEST_F(DoctorTest, AFileThatIsNoProgramFails) {
  const Outcome outcome = Doctor({MILLSTREAM_SOURCE_DIR "/README.md"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out,
              ContainsRegex("FAIL  libraries of [^\n]*README.md: the dynamic linker cannot load"));
}

TEST_F(DoctorTest, AProgramThatIsNotThereFailsAsThat) {
  const Outcome outcome = Doctor({folder_.File("nothing")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out,
              HasSubstr("FAIL  program " + folder_.File("nothing") +
                        ": there is no such file. Name the program's executable, with its path\n"));
  EXPECT_THAT(Doctor({"/tmp"}).out, HasSubstr("FAIL  program /tmp: is not a file."));
}

TEST_F(DoctorTest, WhereExecutorsSpillIsAsTheFlagSaysOrThePropertiesFile) {
  const std::string spill = folder_.File("spill");
  EXPECT_THAT(Doctor({"--local-dir", spill}).out,
              HasSubstr("OK  millstream.local.dir " + spill + ": can be made\n"));
  const Outcome outcome = DoctorWith("millstream.local.dir /dev/null/spill\n");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out,
              HasSubstr("FAIL  millstream.local.dir /dev/null/spill: /dev/null is not a directory"));
}

TEST_F(DoctorTest, AnUnusablePropertiesFileFailsAsOneThingOfMany) {
  const Outcome outcome = DoctorWith("millstream.local.dri /tmp\n");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, ContainsRegex("FAIL  [^\n]*millstream.local.dri"));
  EXPECT_THAT(outcome.out, HasSubstr("OK  clocks: "));
}

TEST(DoctorSecretFileTest, OneThatOthersMayReadIsExit1AndOneErrorLine) {
  const TemporaryFolder folder;
  const std::string secret = folder.File("secret");
  ASSERT_TRUE(security::ClusterSecret::MakeFile(secret).ok());
  EXPECT_THAT(RunCommand({"doctor", "--secret-file", secret}).out, HasSubstr("OK  " + secret + ": "));
  chmod(secret.c_str(), 0644);
  const Outcome outcome = RunCommand({"doctor", "--secret-file", secret});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("FAIL  " + secret + ": others may access it"));
  EXPECT_EQ(ErrorLines(outcome.err), 1) << outcome.err;
  EXPECT_THAT(outcome.err, ContainsRegex("doctor: [0-9]+ of [0-9]+ checks failed"));
}

TEST(DoctorMasterTest, AMasterThatDoesNotAnswerFails) {
  const std::string url = "millstream://127.0.0.1:" + std::to_string(UnusedPort());
  const Outcome outcome = RunCommand({"doctor", "--master", url});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, ContainsRegex("FAIL  master 127.0.0.1:[0-9]+: no master is there"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("clocks:")));
}

TEST(DoctorArgumentsTest, WhatItIsToldWrongIsRefusedInOneLine) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{"doctor", "--mastre", "x"}, "--master"},
      {{"doctor", "--master", "local[2]"}, "local[2]"},
      {{"doctor", "--work-dir"}, "--work-dir"},
      {{"doctor", "--secret-file", ""}, "--secret-file"},
      {{"doctor", "a", "b"}, "one argument"}};
  for (const auto& [arguments, says] : wrong) {
    const Outcome outcome = RunCommand(arguments);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(ErrorLines(outcome.err), 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(says));
  }
  const Outcome help = RunCommand({"doctor", "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("Usage: millstream doctor"));
}

}  // namespace
}  // namespace millstream::test
