// A program on a local cluster with --secret-file: every connection between its processes is mutual TLS.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "common/rpc/grpc_control.h"
#include "tests/support/credentials.h"
#include "tests/support/credulous.h"
#include "tests/support/proc.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"
#include "tests/support/raw_call.h"
#include "tests/support/text_server.h"
#include "tests/support/words.h"

namespace millstream::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> WordCount(const std::string& master, const std::string& secret_file, int port) {
  return {Example("network_word_count"),
          "--master",
          master,
          "--secret-file",
          secret_file,
          "--batch-interval",
          "100ms",
          "127.0.0.1",
          std::to_string(port),
          "100000"};
}

class TlsProcessTest : public ::testing::Test {
 protected:
  TlsProcessTest() { EXPECT_TRUE(security::ClusterSecret::MakeFile(file_).ok()); }

  // Counts words until `lines` are printed, and stops.
  void ExpectCounted(Process& program, const std::vector<std::string>& lines) {
    ASSERT_TRUE(server_.Send(Joined(lines)));
    const Counts expected = CountedWords(lines);
    EXPECT_TRUE(program.AwaitOut([&](std::string_view out) { return PrintedCounts(out) == expected; }))
        << program.err();
  }

  void ExpectRefused(const std::string& secret_file, const std::string& says,
                     const std::string& master = "local-cluster[2,1,512]", int code = 8) {
    Process program(WordCount(master, secret_file, server_.port()));
    const std::optional<Exit> exit = program.AwaitExit();
    ASSERT_TRUE(exit) << program.err();
    EXPECT_EQ(exit->code, code) << program.err();
    EXPECT_EQ(program.out(), "");
    EXPECT_EQ(ErrorLines(program.err()), 1) << program.err();
    EXPECT_THAT(program.err(), HasSubstr(says));
  }

  const TemporaryFolder folder_;
  const std::string file_ = folder_.File("secret");
  TextServer server_;
};

TEST_F(TlsProcessTest, WordsAreCountedAndEveryPortSpeaksMutualTlsAlone) {
  Process program(WordCount("local-cluster[2,1,512]", file_, server_.port()));
  const std::vector<std::string> lines = SomeLines(2000);
  ASSERT_NO_FATAL_FAILURE(ExpectCounted(program, lines));

  const security::ClusterSecret cluster = *security::ClusterSecret::Read(file_);
  const security::Credentials other = *cluster.Issue({security::Role::kExecutor, "another"});
  const security::Credentials worker = *cluster.Issue({security::Role::kWorker, ""});
  std::vector<pid_t> processes = ChildrenOf(program.pid());
  ASSERT_EQ(processes.size(), 2u);
  processes.push_back(program.pid());
  int ports = 0;
  for (const pid_t pid : processes) {
    for (const Listener& listener : ListenersOf(pid)) {
      ++ports;
      EXPECT_TRUE(listener.loopback);
      const std::string address = "127.0.0.1:" + std::to_string(listener.port);
      for (const std::string& method : AllMethods()) {
        const auto code = [&](const Caller& caller) {
          return CallWithJunk(address, {}, caller, method).error_code();
        };
        EXPECT_EQ(code({"plaintext", grpc::InsecureChannelCredentials(), {}}), grpc::StatusCode::UNAVAILABLE);
        EXPECT_EQ(code({"no certificate", grpc::SslCredentials({other.tls->authority, "", ""}), {}}),
                  grpc::StatusCode::UNAVAILABLE);
        EXPECT_EQ(
            code({"another application's executor", CredulousConnection(other), {other.token.Reveal()}}),
            grpc::StatusCode::UNAUTHENTICATED);
        EXPECT_EQ(code({"a worker", CredulousConnection(worker), {worker.token.Reveal()}}),
                  grpc::StatusCode::UNAUTHENTICATED);
      }
    }
  }
  EXPECT_EQ(ports, 4) << "the driver's two, and one of each executor";
  program.Signal(SIGTERM);
  const std::optional<Exit> exit = program.AwaitExit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->code, 0) << program.err();
}

TEST_F(TlsProcessTest, AnExecutorThatDiesIsReplacedByOneWithCredentialsOfItsOwn) {
  Process program(WordCount("local-cluster[2,1,512]", file_, server_.port()));
  ASSERT_NO_FATAL_FAILURE(ExpectCounted(program, {"before"}));
  const std::vector<pid_t> children = ChildrenOf(program.pid());
  // The one without the receiver is the only one that has a core for tasks.
  const auto worker =
      std::ranges::find_if(children, [&](pid_t child) { return !IsConnectedTo(child, server_.port()); });
  ASSERT_NE(worker, children.end());
  kill(*worker, SIGKILL);
  EXPECT_TRUE(AwaitThat([&] { return !IsAlive(*worker); }));
  ASSERT_TRUE(server_.Send("after after\n"));
  EXPECT_TRUE(program.AwaitOut("(after,2)")) << program.err();
}

TEST_F(TlsProcessTest, NothingSecretIsInArgumentsEnvironmentOrLog) {
  std::vector<std::string> arguments = WordCount("local-cluster[2,1,512]", file_, server_.port());
  arguments.insert(arguments.begin() + 1, {"--conf", "millstream.log.level=debug"});
  Process program(arguments);
  ASSERT_NO_FATAL_FAILURE(ExpectCounted(program, {"ready"}));
  std::string seen = program.out() + program.err();
  std::vector<pid_t> processes = ChildrenOf(program.pid());
  processes.push_back(program.pid());
  for (const pid_t pid : processes) seen += ProcFile(pid, "cmdline") + ProcFile(pid, "environ");
  std::ifstream secret(file_);
  for (std::string line; std::getline(secret, line);) {
    // The key, the certificate, the token, the digest.
    if (line.size() < 40) continue;
    EXPECT_THAT(seen, Not(HasSubstr(line.substr(line.find(' ') + 1))));
  }
  EXPECT_THAT(seen, Not(HasSubstr("PRIVATE KEY")));
}

TEST_F(TlsProcessTest, ASecretFileThatCannotBeUsedIsRefusedInOneLine) {
  ExpectRefused(folder_.File("missing"), "no such file");
  ExpectRefused(folder_.File(""), "not a file");
  ExpectRefused("", "--secret-file", "local-cluster[2,1,512]", 2);
  // Whatever the master is: a file that is named is one that is meant.
  ExpectRefused(folder_.File("missing"), "no such file", "local[2]");
  ASSERT_EQ(chmod(file_.c_str(), 0644), 0);
  ExpectRefused(file_, "others may access it");
  ASSERT_EQ(chmod(file_.c_str(), 0600), 0);
  std::ofstream(file_, std::ios::app) << "x";
  ExpectRefused(file_, "damaged");
  const std::string expired = folder_.File("expired");
  const auto long_ago = std::chrono::system_clock::now() - std::chrono::hours(24 * 365 * 11);
  ASSERT_TRUE(security::ClusterSecret::MakeFile(expired, long_ago).ok());
  ExpectRefused(expired, "expired");
}

}  // namespace
}  // namespace millstream::test
