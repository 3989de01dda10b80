#include "common/rpc/grpc_control.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <thread>

#include "common/rpc/grpc_executor_link.h"
#include "proto/control.pb.h"
#include "tests/support/credentials.h"
#include "tests/support/tcp_proxy.h"

namespace millstream::rpc {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr ExecutorId kOne{1};

std::shared_ptr<proto::FromExecutor> Hello(uint32_t executor) {
  auto message = std::make_shared<proto::FromExecutor>();
  message->mutable_hello()->set_executor(executor);
  return message;
}

std::shared_ptr<proto::FromExecutor> Status(uint32_t partition, size_t result_bytes = 0) {
  auto message = std::make_shared<proto::FromExecutor>();
  proto::TaskStatus* status = message->add_statuses();
  status->set_partition(partition);
  status->set_result(std::string(result_bytes, 'x'));
  return message;
}

std::shared_ptr<proto::ToExecutor> Cancel(uint64_t stage_run) {
  auto message = std::make_shared<proto::ToExecutor>();
  message->add_commands()->mutable_cancel()->set_stage_run(stage_run);
  return message;
}

// An executor's end that remembers what it heard.
class TestExecutor {
 public:
  TestExecutor(const std::string& address, const security::Credentials& own,
               std::chrono::milliseconds network_timeout = 60s)
      : link_(address, own, network_timeout) {
    link_.Start({[this](std::shared_ptr<const proto::ToExecutor> message) {
                   std::lock_guard lock(mutex_);
                   for (const auto& command : message->commands()) {
                     stage_runs_.push_back(command.cancel().stage_run());
                   }
                   changed_.notify_all();
                 },
                 [this](const std::string& reason) {
                   std::lock_guard lock(mutex_);
                   closed_ = reason;
                   changed_.notify_all();
                 }});
  }

  void Send(std::shared_ptr<const proto::FromExecutor> message) { link_.Send(std::move(message)); }

  std::vector<uint64_t> AwaitCommands(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 60s, [&] { return stage_runs_.size() >= count; });
    return stage_runs_;
  }
  bool AwaitClosed() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 60s, [&] { return closed_.has_value(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<uint64_t> stage_runs_;
  std::optional<std::string> closed_;
  GrpcExecutorLink link_;
};

class GrpcControlTest : public testing::Test {
 protected:
  explicit GrpcControlTest(const GrpcDriverEndpointOptions& options = {})
      : endpoint_(*GrpcDriverEndpoint::Listen(credentials_, options)) {
    endpoint_->Listen({[this](ExecutorId executor, std::shared_ptr<const proto::FromExecutor> message) {
                         if (message->has_hello()) hellos_.push_back(executor);
                         for (const auto& status : message->statuses())
                           partitions_.push_back(status.partition());
                       },
                       [this](ExecutorId executor, const std::string&) { closed_.push_back(executor); }});
  }

  void Wait(std::optional<steady_clock::time_point> deadline) {
    std::unique_lock turn(turn_);
    endpoint_->Wait(turn, deadline);
  }

  // Runs the loop until `done`, for at most a minute.
  template <typename Done>
  bool RunUntil(const Done& done) {
    const auto end = steady_clock::now() + 60s;
    while (!done() && steady_clock::now() < end) Wait(steady_clock::now() + 5ms);
    return done();
  }

  std::unique_ptr<TestExecutor> Connect(uint32_t executor) {
    endpoint_->Expect(ExecutorId{executor});
    return AwaitHello(executor, std::make_unique<TestExecutor>(endpoint_->address(), credentials_));
  }
  std::unique_ptr<TestExecutor> AwaitHello(uint32_t executor, std::unique_ptr<TestExecutor> link) {
    link->Send(Hello(executor));
    const size_t before = hellos_.size();
    EXPECT_TRUE(RunUntil([&] { return hellos_.size() > before; }));
    return link;
  }

  // Runs the loop on another thread while the test waits for an executor.
  template <typename Waiting>
  auto WhileLooping(const Waiting& wait) {
    std::atomic<bool> done = false;
    std::thread loop([&] {
      while (!done) Wait(std::nullopt);
    });
    auto result = wait();
    done = true;
    endpoint_->Wake();
    loop.join();
    return result;
  }

  const security::Credentials credentials_ = test::NewHostCredentials();
  std::vector<ExecutorId> hellos_;
  std::vector<ExecutorId> closed_;
  std::vector<uint32_t> partitions_;
  std::mutex turn_;
  std::unique_ptr<GrpcDriverEndpoint> endpoint_;
};

TEST_F(GrpcControlTest, ADriverThatIsSilentForTheNetworkTimeoutIsGone) {
  tests::TcpProxy network(endpoint_->address());
  endpoint_->Expect(kOne);
  auto one = AwaitHello(1, std::make_unique<TestExecutor>(network.address(), credentials_, 500ms));
  network.Stall(true);
  EXPECT_TRUE(one->AwaitClosed());
}

TEST_F(GrpcControlTest, MessagesTravelBothWaysInOrder) {
  auto one = Connect(1);
  EXPECT_EQ(hellos_, (std::vector<ExecutorId>{kOne}));
  std::vector<uint32_t> sent;
  std::vector<uint64_t> commanded;
  for (uint32_t i = 0; i < 500; ++i) {
    one->Send(Status(i));
    sent.push_back(i);
    endpoint_->Send(kOne, Cancel(i));
    commanded.push_back(i);
  }
  EXPECT_TRUE(RunUntil([&] { return partitions_.size() == sent.size(); }));
  EXPECT_EQ(partitions_, sent);
  EXPECT_EQ(WhileLooping([&] { return one->AwaitCommands(500); }), commanded);
}

TEST_F(GrpcControlTest, StatusesBeyondTheReceiveLimitAreSplit) {
  auto one = Connect(1);
  auto message = std::make_shared<proto::FromExecutor>();
  std::vector<uint32_t> sent;
  for (uint32_t i = 0; i < 200; ++i) {
    proto::TaskStatus* status = message->add_statuses();
    status->set_partition(i);
    status->set_result(std::string(64 << 10, 'x'));
    sent.push_back(i);
  }
  one->Send(message);
  EXPECT_TRUE(RunUntil([&] { return partitions_.size() == sent.size(); }));
  EXPECT_EQ(partitions_, sent);
}

TEST_F(GrpcControlTest, OnlyExpectedExecutorsAreHeard) {
  auto one = Connect(1);
  TestExecutor unexpected(endpoint_->address(), credentials_);
  unexpected.Send(Hello(2));
  TestExecutor again(endpoint_->address(), credentials_);
  again.Send(Hello(1));
  endpoint_->Expect(ExecutorId{3});
  TestExecutor rude(endpoint_->address(), credentials_);
  rude.Send(Status(3));
  EXPECT_TRUE(
      WhileLooping([&] { return unexpected.AwaitClosed() && again.AwaitClosed() && rude.AwaitClosed(); }));
  EXPECT_EQ(hellos_, (std::vector<ExecutorId>{kOne}));
  EXPECT_TRUE(partitions_.empty());
  EXPECT_TRUE(closed_.empty());
}

TEST_F(GrpcControlTest, AnExecutorThatGoesAwayIsReported) {
  auto one = Connect(1);
  one.reset();
  EXPECT_TRUE(RunUntil([&] { return !closed_.empty(); }));
  EXPECT_EQ(closed_, (std::vector<ExecutorId>{kOne}));
  endpoint_->Send(kOne, Cancel(1));
  Wait(steady_clock::now());
}

TEST_F(GrpcControlTest, ADisconnectedExecutorIsToldAndNotReported) {
  auto one = Connect(1);
  auto two = Connect(2);
  endpoint_->Disconnect(kOne);
  one->Send(Status(7));
  EXPECT_TRUE(WhileLooping([&] { return one->AwaitClosed(); }));
  two->Send(Status(8));
  EXPECT_TRUE(RunUntil([&] { return !partitions_.empty(); }));
  EXPECT_EQ(partitions_, (std::vector<uint32_t>{8}));
  EXPECT_TRUE(closed_.empty());
}

TEST_F(GrpcControlTest, AnExecutorNoticesThatItsDriverIsGone) {
  auto one = Connect(1);
  endpoint_->Send(kOne, Cancel(4));
  endpoint_.reset();
  EXPECT_TRUE(one->AwaitClosed());
  EXPECT_EQ(one->AwaitCommands(1), (std::vector<uint64_t>{4})) << "what was queued is sent before the end";
}

TEST_F(GrpcControlTest, AWrongTokenIsRefused) {
  endpoint_->Expect(kOne);
  TestExecutor stranger(endpoint_->address(), test::NewHostCredentials());
  stranger.Send(Hello(1));
  EXPECT_TRUE(WhileLooping([&] { return stranger.AwaitClosed(); }));
  EXPECT_TRUE(hellos_.empty());
}

TEST_F(GrpcControlTest, WaitEndsAtItsDeadlineAndWhenWoken) {
  const auto deadline = steady_clock::now() + 20ms;
  Wait(deadline);
  EXPECT_GE(steady_clock::now(), deadline);
  endpoint_->Wake();
  endpoint_->Wake();
  Wait(std::nullopt);
  std::thread waker([&] { endpoint_->Wake(); });
  Wait(std::nullopt);
  waker.join();
}

class ImpatientControlTest : public GrpcControlTest {
 protected:
  ImpatientControlTest() : GrpcControlTest({.max_unknown_streams = 2, .hello_timeout = 300ms}) {}
};

TEST_F(ImpatientControlTest, StreamsThatDoNotSayHelloAreFewAndShort) {
  auto one = Connect(1);
  std::vector<std::unique_ptr<TestExecutor>> silent;
  for (int i = 0; i < 5; ++i)
    silent.push_back(std::make_unique<TestExecutor>(endpoint_->address(), credentials_));
  EXPECT_TRUE(WhileLooping([&] {
    bool all = true;
    for (auto& executor : silent) all = executor->AwaitClosed() && all;
    return all;
  }));
  auto two = Connect(2);
  one->Send(Status(1));
  EXPECT_TRUE(RunUntil([&] { return !partitions_.empty(); }));
  EXPECT_TRUE(closed_.empty());
}

}  // namespace
}  // namespace millstream::rpc
