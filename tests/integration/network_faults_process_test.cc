// A cluster on four hosts, and what a network may do to one of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "tests/support/cluster.h"
#include "tests/support/expect_end.h"
#include "tests/support/hosts.h"
#include "tests/support/proc.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"
#include "tests/support/text_server.h"
#include "tests/support/words.h"

namespace millstream::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kMaster = 0;
constexpr int kDriver = 3;  // workers are 1 and 2

class NetworkFaultsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = Hosts::Unavailable(); !why.empty())
      GTEST_SKIP() << "SKIPPED: faults of a network: " << why;
    hosts_ =
        std::make_unique<Hosts>(std::vector<std::string>{"10.77.0.1", "10.77.0.2", "10.77.0.3", "10.77.0.4"});
    server_ = std::make_unique<TextServer>(0, hosts_->own_address());
    directory_ = std::filesystem::temp_directory_path() / "millstream-hosts-XXXXXX";
    ASSERT_NE(mkdtemp(directory_.data()), nullptr);
    secret_ = directory_ + "/secret";
    Process maker(MillstreamCommand(MILLSTREAM_BIN_DIR, {"secret", secret_}));
    ASSERT_EQ(maker.AwaitExit()->code, 0) << maker.err();
    url_ = "millstream://" + hosts_->AddressOf(kMaster) + ":7077";
    Start(kMaster, {"master"}, {});
    for (const int host : {1, 2}) Start(host, {"worker", "--cores", "2", "--memory", "1g"}, {url_});
  }

  void TearDown() override {
    program_.reset();
    daemons_.clear();
    if (directory_.ends_with("XXXXXX")) return;
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  void Start(int host, std::vector<std::string> command, const std::vector<std::string>& arguments) {
    const std::vector<std::string> flags{"--host",        hosts_->AddressOf(host),
                                         "--secret-file", secret_,
                                         "--work-dir",    directory_ + "/" + std::to_string(host)};
    command.insert(command.end(), flags.begin(), flags.end());
    command.insert(command.end(), arguments.begin(), arguments.end());
    daemons_.push_back(std::make_unique<Process>(
        hosts_->On(host, MillstreamCommand(MILLSTREAM_BIN_DIR, std::move(command)))));
    ASSERT_TRUE(daemons_.back()->AwaitOut("ready ")) << daemons_.back()->err();
  }

  void Run(std::vector<std::string> more = {}) {
    std::vector<std::string> command{Example("network_word_count"),
                                     "--master",
                                     url_,
                                     "--secret-file",
                                     secret_,
                                     "--batch-interval",
                                     "100ms",
                                     "--conf",
                                     "millstream.streaming.receiverRestartDelay=50ms",
                                     "--conf",
                                     "millstream.network.timeout=2s"};
    command.insert(command.end(), more.begin(), more.end());
    command.insert(command.end(), {hosts_->own_address(), std::to_string(server_->port()), "100000"});
    program_ = std::make_unique<Process>(hosts_->On(kDriver, std::move(command)));
  }

  // Sends lines of their own kind, and waits until all that was ever sent is counted.
  void SendAndAwait(int lines) {
    const std::vector<std::string> some = SomeLines(lines);
    for (const auto& [word, count] : CountedWords(some)) expected_[word] += count;
    ASSERT_TRUE(server_->Send(Joined(some)));
    AwaitCounts();
  }
  void AwaitCounts() {
    ASSERT_TRUE(program_->AwaitOut([&](std::string_view out) { return PrintedCounts(out) == expected_; }))
        << program_->err();
  }

  std::vector<pid_t> ExecutorsOn(int host) const {
    return ChildrenOf(daemons_[static_cast<size_t>(host)]->pid());
  }
  // The worker whose executor has the receiver.
  int ReceiverHost() const {
    for (const int host : {1, 2}) {
      if (std::ranges::any_of(ExecutorsOn(host),
                              [&](pid_t executor) { return IsConnectedTo(executor, server_->port()); }))
        return host;
    }
    return -1;
  }

  std::string List() const {
    Process list(hosts_->On(kMaster, MillstreamCommand(MILLSTREAM_BIN_DIR, {"list", "--master", url_,
                                                                            "--secret-file", secret_})));
    list.AwaitExit();
    return list.out() + list.err();
  }
  bool AwaitList(const ::testing::Matcher<std::string>& matcher) const {
    return AwaitThat([&] { return matcher.Matches(List()); });
  }

  std::unique_ptr<Hosts> hosts_;
  std::unique_ptr<TextServer> server_;
  std::string directory_;
  std::string secret_;
  std::string url_;
  std::vector<std::unique_ptr<Process>> daemons_;  // by host
  std::unique_ptr<Process> program_;
  Counts expected_;
};

// Which worker's host it happens to: the receiver's or the other.
class WorkersHostTest : public NetworkFaultsTest, public ::testing::WithParamInterface<bool> {
 protected:
  int Victim() const { return GetParam() ? ReceiverHost() : 3 - ReceiverHost(); }
  // Once the receiver is where it will stay.
  bool AwaitReceiver() { return server_->AwaitClients(GetParam() ? 2 : 1); }
};
INSTANTIATE_TEST_SUITE_P(All, WorkersHostTest, ::testing::Bool(),
                         [](const auto& victim) { return victim.param ? "TheReceivers" : "TheOther"; });

TEST_P(WorkersHostTest, OneThatIsCutOffLosesItsWorkAndIsTakenBackWithoutIt) {
  Run();
  SendAndAwait(1'000);
  const int victim = Victim();
  const std::vector<pid_t> stale = ExecutorsOn(victim);
  ASSERT_EQ(stale.size(), 1u);
  hosts_->Cut(victim);
  ASSERT_TRUE(AwaitReceiver());
  SendAndAwait(1'000);
  hosts_->Heal(victim);
  EXPECT_TRUE(AwaitThat([&] {
    const std::vector<pid_t> now = ExecutorsOn(victim);
    return now.size() == 1 && now != stale;
  })) << List();
  SendAndAwait(1'000);
  ExpectGracefulEnd(*program_);
}

TEST_P(WorkersHostTest, OneThatIsNotReachedThoughItSpeaksLosesItsWork) {
  Run();
  SendAndAwait(1'000);
  hosts_->Deafen(Victim());
  ASSERT_TRUE(AwaitReceiver());
  SendAndAwait(1'000);
  ExpectGracefulEnd(*program_);
}

TEST_P(WorkersHostTest, OneWhoseConnectionsAreResetLosesNothingThatWasReceived) {
  Run();
  SendAndAwait(1'000);
  const int victim = Victim();
  hosts_->Reset(victim);
  ASSERT_TRUE(program_->AwaitErr("its work moves")) << program_->err();
  hosts_->Heal(victim);
  ASSERT_TRUE(AwaitReceiver());
  SendAndAwait(1'000);
  ExpectGracefulEnd(*program_);
}

TEST_F(NetworkFaultsTest, AMasterThatIsCutOffIsNotMissedAndComesBackToWhatRuns) {
  Run();
  SendAndAwait(1'000);
  const std::vector<pid_t> before = ExecutorsOn(1);
  hosts_->Cut(kMaster);
  EXPECT_TRUE(AwaitList(HasSubstr("AWAY"))) << List();
  SendAndAwait(1'000);
  hosts_->Heal(kMaster);
  EXPECT_TRUE(AwaitList(AllOf(HasSubstr("RUNNING"), Not(HasSubstr("AWAY"))))) << List();
  SendAndAwait(1'000);
  EXPECT_EQ(ExecutorsOn(1), before);
  ExpectGracefulEnd(*program_);
}

TEST_F(NetworkFaultsTest, ADriverThatIsCutOffLosesItsExecutorsAndIsRefusedWhenItReturns) {
  Run();
  SendAndAwait(1'000);
  hosts_->Cut(kDriver);
  EXPECT_TRUE(AwaitThat([&] { return ExecutorsOn(1).empty() && ExecutorsOn(2).empty(); }));
  EXPECT_TRUE(AwaitList(HasSubstr("LOST"))) << List();
  hosts_->Heal(kDriver);
  const std::optional<Exit> exit = program_->AwaitExit();
  ASSERT_TRUE(exit) << program_->err();
  EXPECT_EQ(exit->code, 1);
  EXPECT_EQ(ErrorLines(program_->err()), 1) << program_->err();
}

TEST_F(NetworkFaultsTest, ASlowLinkHoldsUpTheSourceInsteadOfFillingMemory) {
  Run({"--conf", "millstream.executor.memory=64m"});
  SendAndAwait(100);
  const int host = ReceiverHost();
  hosts_->SlowDown(host, 2'000);
  // Copies of what is received go over the slow link.
  const std::vector<std::string> lines = SomeLines(1'000);
  const std::string text = Joined(lines);
  constexpr int kTimes = 2'000;
  for (const auto& [word, count] : CountedWords(lines)) expected_[word] += count * kTimes;
  std::thread source([&] {
    for (int i = 0; i < kTimes && server_->Send(text); ++i) {
    }
  });
  const auto batches = [&] {
    const std::string out = program_->out();
    size_t count = 0;
    for (size_t at = out.find("Time:"); at != std::string::npos; at = out.find("Time:", at + 1)) ++count;
    return count;
  };
  const size_t enough = batches() + 50;
  EXPECT_TRUE(AwaitThat([&] { return batches() >= enough; })) << program_->err();
  EXPECT_FALSE(AllIsRead(server_->port()));
  for (const int worker : {1, 2}) {
    for (const pid_t executor : ExecutorsOn(worker)) EXPECT_LT(VmHwmKb(executor), 192 << 10);
  }
  EXPECT_LT(VmHwmKb(program_->pid()), 128 << 10);
  hosts_->Heal(host);
  source.join();
  AwaitCounts();
  ExpectGracefulEnd(*program_);
}

}  // namespace
}  // namespace millstream::test
