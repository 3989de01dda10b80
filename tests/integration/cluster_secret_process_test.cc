// Secret files that cannot be used, and those of another cluster: exit code 8 and one line from every
// command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "tests/support/cluster.h"
#include "tests/support/credentials.h"
#include "tests/support/expect_end.h"
#include "tests/support/programs.h"

namespace millstream::test {
namespace {

// Every command that takes a secret file, without it.
std::vector<std::vector<std::string>> Commands(const std::string& url, const TemporaryFolder& folder) {
  const auto command = [](std::vector<std::string> arguments) {
    return MillstreamCommand(MILLSTREAM_BIN_DIR, std::move(arguments));
  };
  return {command({"worker", "--work-dir", folder.File("worker"), url}),
          command({"list", "--master", url}),
          command({"logs", "app-1", "--master", url}),
          command({"submit", "--status", "app-1", "--master", url}),
          command({"submit", "--kill", "app-1", "--master", url}),
          command({"submit", "--master", url, Example("network_word_count"), "127.0.0.1", "1"}),
          command({"submit", "--deploy-mode", "cluster", "--master", url, Example("network_word_count"),
                   "127.0.0.1", "1"}),
          {Example("network_word_count"), "--master", url, "127.0.0.1", "1"}};
}

// Its flag follows the command, of a program its name.
std::vector<std::string> With(std::vector<std::string> line, const std::string& secret_file) {
  const bool program = line.front().ends_with("network_word_count");
  line.insert(line.begin() + (program ? 1 : 2), {"--secret-file", secret_file});
  return line;
}

TEST(ClusterSecretTest, AFileThatCannotBeUsedIsRefusedByEveryCommand) {
  const TemporaryFolder folder;
  const std::string good = folder.File("good");
  ASSERT_TRUE(security::ClusterSecret::MakeFile(good).ok());
  const std::string damaged = folder.File("damaged");
  std::filesystem::copy_file(good, damaged);
  std::ofstream(damaged, std::ios::app) << "x";
  const std::string shown = folder.File("shown");
  std::filesystem::copy_file(good, shown);
  ASSERT_EQ(chmod(shown.c_str(), 0644), 0);
  const std::string expired = folder.File("expired");
  const auto long_ago = std::chrono::system_clock::now() - std::chrono::hours(24 * 365 * 11);
  ASSERT_TRUE(security::ClusterSecret::MakeFile(expired, long_ago).ok());

  auto commands = Commands("millstream://127.0.0.1:1", folder);
  commands.push_back(MillstreamCommand(MILLSTREAM_BIN_DIR, {"master", "--work-dir", folder.File("master")}));
  for (const auto& command : commands) {
    ExpectRefused(With(command, folder.File("missing")), 8, {folder.File("missing"), "no such file"});
    ExpectRefused(With(command, damaged), 8, {damaged, "damaged"});
    ExpectRefused(With(command, shown), 8, {shown, "chmod 600"});
    ExpectRefused(With(command, expired), 8, {expired, "expired"});
  }
}

TEST(ClusterSecretTest, AnotherSecretAndNoneAreNotTakenForAMasterThatDoesNotAnswer) {
  const TemporaryFolder folder;
  const std::string right = folder.File("right");
  const std::string wrong = folder.File("wrong");
  ASSERT_TRUE(security::ClusterSecret::MakeFile(right).ok());
  ASSERT_TRUE(security::ClusterSecret::MakeFile(wrong).ok());
  const Cluster cluster(MILLSTREAM_BIN_DIR, right);
  const std::string address = cluster.url().substr(cluster.url().rfind('/') + 1);
  for (const auto& command : Commands(cluster.url(), folder)) {
    ExpectRefused(With(command, wrong), 8, {address, "not by this secret file"});
    ExpectRefused(command, 8, {address, "Give --secret-file"});
  }
  const Cluster open(MILLSTREAM_BIN_DIR);
  for (const auto& command : Commands(open.url(), folder)) {
    ExpectRefused(With(command, right), 8, {"has no secret file"});
  }
}

TEST(ClusterSecretTest, ADriverListensBeyondLoopbackWithASecretFileAlone) {
  const Cluster cluster(MILLSTREAM_BIN_DIR);
  for (const std::string& master : {cluster.url(), std::string("local-cluster[1,1,64]")}) {
    ExpectRefused(
        {Example("network_word_count"), "--master", master, "--conf", "millstream.driver.bindAddress=0.0.0.0",
         "--conf", "millstream.driver.host=a.example", "127.0.0.1", "1"},
        8, {"0.0.0.0", "--secret-file"});
    ExpectRefused({Example("network_word_count"), "--master", master, "--conf",
                   "millstream.driver.bindAddress=0.0.0.0", "127.0.0.1", "1"},
                  2, {"0.0.0.0", "millstream.driver.host"});
    ExpectRefused({Example("network_word_count"), "--master", master, "--conf",
                   "millstream.driver.bindAddress=127.257", "127.0.0.1", "1"},
                  2, {"127.0.1.1", "/etc/hosts"});
  }
}

}  // namespace
}  // namespace millstream::test
