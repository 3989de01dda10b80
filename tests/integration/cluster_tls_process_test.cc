// A cluster with a secret file: every connection between its processes is mutual TLS, and applications are
// strangers to each other.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/rpc/cluster_server.h"
#include "tests/support/cluster.h"
#include "tests/support/counted_text_server.h"
#include "tests/support/credentials.h"
#include "tests/support/credulous.h"
#include "tests/support/expect_end.h"
#include "tests/support/proc.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"
#include "tests/support/raw_call.h"
#include "tests/support/strangers.h"

namespace millstream::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A program that counts what a server of its own sends it.
struct Application {
  Application(const std::string& master, const std::string& secret_file, std::vector<std::string> more = {})
      : program(CommandLine(master, secret_file, std::move(more), server.port())) {}

  static std::vector<std::string> CommandLine(const std::string& master, const std::string& secret_file,
                                              std::vector<std::string> more, int port) {
    more.insert(more.begin(), {"--secret-file", secret_file});
    return ClusterWordCount(master, port, std::move(more));
  }

  void SendAndAwait(int lines) { server.SendAndAwait(program, lines); }

  CountedTextServer server;
  Process program;
};

class ClusterTlsProcessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    cluster_.AddWorker(2);
    cluster_.AddWorker(2);
  }

  const TemporaryFolder folder_;
  const std::string file_ = NewSecretFile(folder_);
  Cluster cluster_{MILLSTREAM_BIN_DIR, file_};
};

TEST_F(ClusterTlsProcessTest, TwoApplicationsCountAndNeitherGetsIntoAPortOfTheOther) {
  const std::vector<std::string> half{"--conf", "millstream.executor.cores=1", "--conf",
                                      "millstream.cores.max=2"};
  Application one(cluster_.url(), file_, half);
  one.SendAndAwait(2'000);
  const std::vector<pid_t> of_one = cluster_.Executors();
  ASSERT_EQ(of_one.size(), 2u);
  Application two(cluster_.url(), file_, half);
  two.SendAndAwait(2'000);
  one.SendAndAwait(2'000);
  ASSERT_EQ(cluster_.Executors().size(), 4u);

  const security::ClusterSecret cluster = *security::ClusterSecret::Read(file_);
  const auto issue = [&](security::Role role, const std::string& application) {
    return *cluster.Issue({role, application});
  };
  const security::Credentials executor = issue(security::Role::kExecutor, "another");
  const security::Credentials driver = issue(security::Role::kDriver, "another");
  const security::Credentials worker = issue(security::Role::kWorker, "");
  const std::vector<std::pair<Caller, grpc::StatusCode>> strangers{
      {{"plaintext", grpc::InsecureChannelCredentials(), {}}, grpc::StatusCode::UNAVAILABLE},
      {{"no certificate", grpc::SslCredentials({worker.tls->authority, "", ""}), {}},
       grpc::StatusCode::UNAVAILABLE},
      {{"another application's executor", CredulousConnection(executor), {executor.token.Reveal()}},
       grpc::StatusCode::UNAUTHENTICATED},
      {{"another application's driver", CredulousConnection(driver), {driver.token.Reveal()}},
       grpc::StatusCode::UNAUTHENTICATED},
      {{"a worker", CredulousConnection(worker), {worker.token.Reveal()}},
       grpc::StatusCode::UNAUTHENTICATED}};
  std::vector<pid_t> processes = cluster_.Executors();
  processes.insert(processes.end(), {one.program.pid(), two.program.pid()});
  int ports = 0;
  for (const pid_t pid : processes) {
    for (const Listener& listener : ListenersOf(pid)) {
      ++ports;
      for (const std::string& method : AllMethods()) {
        for (const auto& [caller, code] : strangers) {
          EXPECT_EQ(
              CallWithJunk("127.0.0.1:" + std::to_string(listener.port), {}, caller, method).error_code(),
              code)
              << caller.name << ": " << method;
        }
      }
    }
  }
  EXPECT_EQ(ports, 8) << "two of each driver, and one of each executor";
  // An executor has nothing to say to the master.
  const Caller played{"an executor", CredulousConnection(executor), {executor.token.Reveal()}};
  EXPECT_EQ(CallWithJunk(cluster_.url().substr(cluster_.url().rfind('/') + 1), {}, played, rpc::kAttachMethod)
                .error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  one.SendAndAwait(100);
  two.SendAndAwait(100);
  ExpectGracefulEnd(one.program);
  ExpectGracefulEnd(two.program);
}

TEST_F(ClusterTlsProcessTest, StrangersOnEveryPortDoNoHarm) {
  Application application(cluster_.url(), file_);
  application.SendAndAwait(1'000);
  std::vector<pid_t> processes = cluster_.Executors();
  processes.insert(processes.end(), {application.program.pid(), cluster_.master().pid()});
  Strangers strangers;
  for (const pid_t pid : processes) {
    for (const Listener& listener : ListenersOf(pid)) {
      ASSERT_NO_FATAL_FAILURE(strangers.ComeTo("127.0.0.1:" + std::to_string(listener.port)));
      application.SendAndAwait(100);
    }
  }
  EXPECT_THAT(cluster_.List(), HasSubstr("RUNNING"));
  for (const pid_t pid : processes) EXPECT_LT(VmHwmKb(pid), 128 << 10);
  ExpectGracefulEnd(application.program);
}

TEST_F(ClusterTlsProcessTest, AMasterThatIsKilledAndStartedAgainReplacesAnExecutorThatDies) {
  Application application(cluster_.url(), file_,
                          {"--conf", "millstream.streaming.receiverRestartDelay=50ms"});
  application.SendAndAwait(1'000);
  const std::vector<pid_t> before = cluster_.Executors();
  cluster_.master().Signal(SIGKILL);
  ASSERT_TRUE(cluster_.master().AwaitExit());
  application.SendAndAwait(1'000);
  cluster_.RestartMaster();
  EXPECT_TRUE(AwaitThat([&] {
    const std::string list = cluster_.List();
    return list.find("RUNNING") != std::string::npos && list.find("AWAY") == std::string::npos;
  })) << cluster_.List();
  ASSERT_FALSE(before.empty());
  kill(before.front(), SIGKILL);
  EXPECT_TRUE(AwaitThat([&] {
    const std::vector<pid_t> now = cluster_.Executors();
    return now.size() == 2 && std::ranges::count(now, before.front()) == 0;
  })) << application.program.err();
  ExpectGracefulEnd(application.program);
}

TEST_F(ClusterTlsProcessTest, EveryCommandWorksWithTheSecretFile) {
  std::vector<std::string> line{"submit",           "--master", cluster_.url(),
                                "--secret-file",    file_,      Example("network_word_count"),
                                "--batch-interval", "100ms",    "127.0.0.1"};
  CountedTextServer server;
  line.push_back(std::to_string(server.port()));
  Process program(MillstreamCommand(MILLSTREAM_BIN_DIR, line));
  ASSERT_TRUE(server.Send("here here\n"));
  ASSERT_TRUE(program.AwaitOut("(here,2)")) << program.err();
  const std::string list = cluster_.List();
  const std::string id = list.substr(list.find("app-"), std::string("app-20260102030405-0007").size());
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"submit", "--status", id}, {"logs", id}, {"submit", "--kill", id}}) {
    std::vector<std::string> whole = arguments;
    whole.insert(whole.end(), {"--master", cluster_.url(), "--secret-file", file_});
    Process command(MillstreamCommand(MILLSTREAM_BIN_DIR, whole));
    EXPECT_EQ(command.AwaitExit()->code, 0) << arguments.front() << command.err();
  }
  EXPECT_EQ(program.AwaitExit()->code, 1);
}

// What is in the files of a directory and those below it, but for programs and libraries: ours knows how a
// certificate begins.
std::string AllText(const std::string& directory) {
  std::string text;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(file), {});
    if (!content.starts_with("\x7f"
                             "ELF"))
      text += content;
  }
  return text;
}

TEST_F(ClusterTlsProcessTest, NothingSecretIsInArgumentsEnvironmentsLogsOrWorkDirectories) {
  Application application(cluster_.url(), file_, {"--conf", "millstream.log.level=debug"});
  application.SendAndAwait(100);
  std::vector<pid_t> processes = cluster_.Executors();
  processes.insert(processes.end(), {application.program.pid(), cluster_.master().pid()});
  for (const auto& worker : cluster_.workers()) processes.push_back(worker->pid());
  std::string seen;
  for (const pid_t pid : processes) seen += ProcFile(pid, "cmdline") + ProcFile(pid, "environ");
  ExpectGracefulEnd(application.program);
  seen += application.program.out() + application.program.err() + cluster_.master().err();
  for (const auto& worker : cluster_.workers()) seen += worker->err();
  seen += AllText(cluster_.directory());
  ASSERT_THAT(seen, HasSubstr("GRPC_POLL_STRATEGY")) << "environments were read";
  ASSERT_THAT(seen, HasSubstr("network_word_count")) << "so were arguments and directories";

  std::ifstream secret(file_);
  for (std::string text; std::getline(secret, text);) {
    // The key, the certificate, the token, the digest.
    if (text.size() < 40) continue;
    EXPECT_THAT(seen, Not(HasSubstr(text.substr(text.find(' ') + 1))));
  }
  const security::ClusterSecret cluster = *security::ClusterSecret::Read(file_);
  EXPECT_THAT(seen, Not(HasSubstr(cluster.Issue({security::Role::kMaster, ""})->token.Reveal())));
  EXPECT_THAT(seen, Not(HasSubstr("PRIVATE KEY")));
  EXPECT_THAT(seen, Not(HasSubstr("BEGIN CERTIFICATE")));
}

TEST_F(ClusterTlsProcessTest, FixedPortsAreKeptAndOneThatIsInUseIsRefusedOrFollowedByAnother) {
  const int port = UnusedPort();
  const int blocks_port = UnusedPort();
  const std::vector<std::string> fixed{
      "--conf", "millstream.driver.port=" + std::to_string(port),
      "--conf", "millstream.driver.blockManager.port=" + std::to_string(blocks_port),
      "--conf", "millstream.cores.max=2"};
  Application first(cluster_.url(), file_, fixed);
  first.SendAndAwait(10);
  const auto listens = [](const Application& application, const std::function<bool(int)>& right) {
    return std::ranges::any_of(ListenersOf(application.program.pid()),
                               [&](const Listener& listener) { return right(listener.port); });
  };
  EXPECT_TRUE(listens(first, [&](int taken) { return taken == port; }));
  EXPECT_TRUE(listens(first, [&](int taken) { return taken == blocks_port; }));
  for (const std::string& one : {fixed[1], fixed[3]}) {
    ExpectRefused(
        first.CommandLine(cluster_.url(), file_, {"--conf", one, "--conf", "millstream.port.maxRetries=0"},
                          first.server.port()),
        2,
        {one.substr(one.find('=') + 1) + ": another process listens there. Give another " +
         one.substr(0, one.find('=')) + ", or 0"});
  }
  Application second(cluster_.url(), file_, fixed);
  second.SendAndAwait(10);
  EXPECT_TRUE(listens(second, [&](int taken) { return taken > port && taken <= port + 16; }));
  EXPECT_TRUE(listens(second, [&](int taken) { return taken > blocks_port && taken <= blocks_port + 16; }));
  ExpectGracefulEnd(first.program);
  ExpectGracefulEnd(second.program);
}

TEST_F(ClusterTlsProcessTest, AnApplicationsExecutorsListenInItsRangeOfPorts) {
  const int port = UnusedPort();
  Application application(cluster_.url(), file_,
                          {"--conf", "millstream.blockManager.port=" + std::to_string(port), "--conf",
                           "millstream.port.maxRetries=50"});
  application.SendAndAwait(10);
  for (const pid_t executor : cluster_.Executors()) {
    const std::vector<Listener> listeners = ListenersOf(executor);
    ASSERT_EQ(listeners.size(), 1u);
    EXPECT_GE(listeners[0].port, port);
    EXPECT_LE(listeners[0].port, port + 50);
  }
  ExpectGracefulEnd(application.program);
}

TEST(ClusterBeyondLoopbackTest, ProcessesListenOnEveryAddressAndAreFoundByTheAdvertisedOne) {
  const TemporaryFolder folder;
  const std::string file = folder.File("secret");
  ASSERT_TRUE(security::ClusterSecret::MakeFile(file).ok());
  const std::vector<std::string> everywhere{"--host",    "0.0.0.0",       "--advertised-host",
                                            "127.0.0.1", "--secret-file", file};
  std::vector<std::string> line{"master", "--port", "0", "--work-dir", folder.File("master")};
  line.insert(line.end(), everywhere.begin(), everywhere.end());
  Process master(MillstreamCommand(MILLSTREAM_BIN_DIR, line));
  ASSERT_TRUE(master.AwaitOut("\n")) << master.err();
  ASSERT_THAT(master.out(), ::testing::StartsWith("ready millstream://127.0.0.1:"));
  const std::string url = master.out().substr(6, master.out().find('\n') - 6);
  line = {"worker", "--cores", "2", "--work-dir", folder.File("worker")};
  line.insert(line.end(), everywhere.begin(), everywhere.end());
  line.push_back(url);
  Process worker(MillstreamCommand(MILLSTREAM_BIN_DIR, line));
  ASSERT_TRUE(worker.AwaitOut("ready")) << worker.err();
  Application application(url, file,
                          {"--conf", "millstream.driver.bindAddress=0.0.0.0", "--conf",
                           "millstream.driver.host=127.0.0.1", "--conf", "millstream.executor.cores=1"});
  application.SendAndAwait(1'000);
  std::vector<pid_t> processes = ChildrenOf(worker.pid());
  ASSERT_EQ(processes.size(), 2u);
  processes.insert(processes.end(), {application.program.pid(), master.pid()});
  for (const pid_t pid : processes) {
    const std::vector<Listener> listeners = ListenersOf(pid);
    EXPECT_FALSE(listeners.empty());
    for (const Listener& listener : listeners) EXPECT_FALSE(listener.loopback) << listener.port;
  }
  ExpectGracefulEnd(application.program);
}

}  // namespace
}  // namespace millstream::test
