// A worker and a driver whose bytes to the master, and back, pass a network that damages, cuts and delays
// them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <tuple>

#include "common/security/cluster_secret.h"
#include "tests/support/cluster.h"
#include "tests/support/counted_text_server.h"
#include "tests/support/credentials.h"
#include "tests/support/expect_end.h"
#include "tests/support/proc.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"
#include "tests/support/tcp_proxy.h"

namespace millstream::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using tests::TcpProxy;

class MasterLinkTest : public ::testing::Test {
 protected:
  MasterLinkTest() { cluster_.AddWorker(3, through_worker_.Url()); }

  // A way to the master of its own.
  struct Way {
    explicit Way(const Cluster& cluster) : proxy(cluster.url().substr(cluster.url().rfind('/') + 1)) {}
    std::string Url() const { return "millstream://" + proxy.address(); }
    TcpProxy proxy;
  };

  std::vector<std::string> WordCount(const std::vector<std::string>& submit) const {
    std::vector<std::string> line{"submit", "--secret-file", secret_file_,         "--executor-memory",
                                  "256m",   "--master",      through_driver_.Url()};
    line.insert(line.end(), submit.begin(), submit.end());
    line.insert(line.end(), {Example("network_word_count"), "--batch-interval", "100ms", "127.0.0.1",
                             std::to_string(server_.port()), "100000"});
    return MillstreamCommand(MILLSTREAM_BIN_DIR, line);
  }
  // That the master's commands reach worker and driver, and theirs the master. The receiver moves with it.
  void ExpectReplacement(Process& driver) {
    const std::vector<pid_t> before = cluster_.Executors();
    ASSERT_EQ(before.size(), 1u);
    kill(before.front(), SIGKILL);
    EXPECT_TRUE(AwaitThat([&] {
      const std::vector<pid_t> now = cluster_.Executors();
      return now.size() == 1 && now != before;
    })) << cluster_.List()
        << driver.err();
    EXPECT_TRUE(server_.AwaitClients(2));
  }

  const TemporaryFolder folder_;
  const std::string secret_file_ = NewSecretFile(folder_);
  Cluster cluster_{MILLSTREAM_BIN_DIR, secret_file_};
  Way through_worker_{cluster_};
  Way through_driver_{cluster_};
  CountedTextServer server_;
};

enum class Fault { kFlip, kCut };

class BrokenMasterLinkTest : public MasterLinkTest,
                             public ::testing::WithParamInterface<std::tuple<Fault, TcpProxy::Direction>> {};

INSTANTIATE_TEST_SUITE_P(All, BrokenMasterLinkTest,
                         ::testing::Combine(::testing::Values(Fault::kFlip, Fault::kCut),
                                            ::testing::Values(TcpProxy::kToServer, TcpProxy::kToClient)));

TEST_P(BrokenMasterLinkTest, IsMadeAgainAndWhatRunsGoesOn) {
  const auto& [fault, direction] = GetParam();
  Process driver(WordCount({}));
  server_.SendAndAwait(driver, 500);
  const std::vector<pid_t> executors = cluster_.Executors();
  for (Way* way : {&through_worker_, &through_driver_}) {
    // Within the first frame of what follows.
    fault == Fault::kFlip ? way->proxy.FlipBit(direction, 11) : way->proxy.Cut(direction, 11);
    ASSERT_TRUE(way->proxy.AwaitFault());
    server_.SendAndAwait(driver, 500);
  }
  EXPECT_TRUE(AwaitThat([&] { return cluster_.List().find("AWAY") == std::string::npos; }))
      << cluster_.List();
  EXPECT_EQ(cluster_.Executors(), executors);
  ExpectReplacement(driver);
  server_.SendAndAwait(driver, 500);
  ExpectGracefulEnd(driver);
}

// Where the driver's bytes to the master end: about its hello, its grant and what it answers.
class CutMasterLinkTest : public MasterLinkTest, public ::testing::WithParamInterface<uint64_t> {};
INSTANTIATE_TEST_SUITE_P(All, CutMasterLinkTest, ::testing::Values(1'000, 2'600, 3'200, 3'800));

TEST_P(CutMasterLinkTest, AnExecutorThatWasToBeLaunchedOverItIsReplaced) {
  through_driver_.proxy.Cut(TcpProxy::kToServer, GetParam());
  Process driver(WordCount({}));
  server_.SendAndAwait(driver, 500);
  EXPECT_EQ(through_driver_.proxy.faults(), 1);
  EXPECT_THAT(driver.err(), Not(HasSubstr("did not start"))) << driver.err();
  ExpectGracefulEnd(driver);
}

TEST_F(MasterLinkTest, ASlowOneIsNoFailure) {
  for (Way* way : {&through_worker_, &through_driver_}) way->proxy.Delay(std::chrono::milliseconds(100));
  Process driver(WordCount({}));
  server_.SendAndAwait(driver, 500);
  ExpectReplacement(driver);
  server_.SendAndAwait(driver, 500);
  ExpectGracefulEnd(driver);
}

// The master would hear of its executors' ends before it hears of the application's.
TEST_F(MasterLinkTest, ADriverThatStopsIsGrantedNoMoreExecutors) {
  Process driver(WordCount({}));
  server_.SendAndAwait(driver, 500);
  through_driver_.proxy.Delay(std::chrono::milliseconds(100));
  ExpectGracefulEnd(driver);
  const std::string log = cluster_.master().err();
  EXPECT_THAT(log, HasSubstr("executor 0 of "));
  EXPECT_THAT(log, Not(HasSubstr("executor 1 of ")));
}

TEST_F(MasterLinkTest, ADriverWhoseLinkIsCutAsItEndsHasFinished) {
  Process driver(WordCount({}));
  server_.SendAndAwait(driver, 500);
  through_driver_.proxy.Cut(TcpProxy::kToServer, 0);
  ExpectGracefulEnd(driver);
  EXPECT_THAT(cluster_.List(), HasSubstr("FINISHED"));
}

TEST_F(MasterLinkTest, AProgramThatIsCutOffOnItsWayArrivesAllTheSame) {
  constexpr uint64_t kAmidTheProgram = 100'000;
  through_driver_.proxy.Cut(TcpProxy::kToServer, kAmidTheProgram);
  Process submit(WordCount({"--deploy-mode", "cluster", "--detach"}));
  ASSERT_EQ(submit.AwaitExit()->code, 0) << submit.err();
  EXPECT_EQ(through_driver_.proxy.faults(), 1);
  EXPECT_TRUE(server_.AwaitClients(1));
}

}  // namespace
}  // namespace millstream::test
