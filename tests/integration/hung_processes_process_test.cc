// A cluster's processes that hang, and go on after a while.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <memory>

#include "tests/support/cluster.h"
#include "tests/support/counted_text_server.h"
#include "tests/support/expect_end.h"
#include "tests/support/proc.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"

namespace millstream::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HungProcessesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 2; ++i) cluster_.AddWorker(2);
    program_ = std::make_unique<Process>(
        ClusterWordCount(cluster_.url(), server_.port(), {"--conf", "millstream.network.timeout=2s"}));
  }

  std::vector<pid_t> ExecutorsOf(size_t worker) { return ChildrenOf(cluster_.workers()[worker]->pid()); }
  // The worker whose executor has the receiver.
  size_t ReceiversWorker() {
    return std::ranges::any_of(ExecutorsOf(0),
                               [&](pid_t executor) { return IsConnectedTo(executor, server_.port()); })
               ? 0
               : 1;
  }
  bool AwaitOtherExecutor(size_t worker, const std::vector<pid_t>& than) {
    return AwaitThat([&] {
      const std::vector<pid_t> now = ExecutorsOf(worker);
      return now.size() == 1 && now != than;
    });
  }

  Cluster cluster_{MILLSTREAM_BIN_DIR};
  CountedTextServer server_;
  std::unique_ptr<Process> program_;
};

// Its executors do not hang with it: they are given up, since nobody could end or replace them.
TEST_F(HungProcessesTest, AWorkerThatHangsLosesItsWorkAndIsTakenBackWithoutIt) {
  server_.SendAndAwait(*program_, 1'000);
  const size_t victim = ReceiversWorker();
  const std::vector<pid_t> stale = ExecutorsOf(victim);
  ASSERT_EQ(stale.size(), 1u);
  cluster_.workers()[victim]->Signal(SIGSTOP);
  ASSERT_TRUE(cluster_.master().AwaitErr("is lost with what it ran: it was silent for 10000 ms"));
  ASSERT_TRUE(program_->AwaitErr(", which was silent for 10000 ms")) << program_->err();
  ASSERT_TRUE(server_.AwaitClients(2));
  server_.SendAndAwait(*program_, 1'000);
  cluster_.workers()[victim]->Signal(SIGCONT);
  EXPECT_TRUE(AwaitOtherExecutor(victim, stale)) << cluster_.List();
  server_.SendAndAwait(*program_, 1'000);
  ExpectGracefulEnd(*program_);
}

TEST_F(HungProcessesTest, AnExecutorThatHangsIsKilledAndReplaced) {
  server_.SendAndAwait(*program_, 1'000);
  const size_t victim = ReceiversWorker();
  const std::vector<pid_t> hung = ExecutorsOf(victim);
  ASSERT_EQ(hung.size(), 1u);
  kill(hung.front(), SIGSTOP);
  ASSERT_TRUE(program_->AwaitErr("was silent for 2000 ms")) << program_->err();
  EXPECT_TRUE(AwaitOtherExecutor(victim, hung)) << cluster_.List();
  ASSERT_TRUE(server_.AwaitClients(2));
  server_.SendAndAwait(*program_, 1'000);
  ExpectGracefulEnd(*program_);
}

TEST_F(HungProcessesTest, AMasterThatHangsIsNotMissed) {
  server_.SendAndAwait(*program_, 1'000);
  const std::vector<pid_t> executors = cluster_.Executors();
  cluster_.master().Signal(SIGSTOP);
  ASSERT_TRUE(program_->AwaitErr("; the application goes on, and waits for it")) << program_->err();
  server_.SendAndAwait(*program_, 1'000);
  cluster_.master().Signal(SIGCONT);
  ASSERT_TRUE(cluster_.master().AwaitErr(": its driver is back"));
  EXPECT_TRUE(AwaitThat([&] { return cluster_.List().find("AWAY") == std::string::npos; }))
      << cluster_.List();
  server_.SendAndAwait(*program_, 1'000);
  EXPECT_EQ(cluster_.Executors(), executors);
  EXPECT_THAT(program_->err(), Not(HasSubstr("is lost")));
  ExpectGracefulEnd(*program_);
}

}  // namespace
}  // namespace millstream::test
