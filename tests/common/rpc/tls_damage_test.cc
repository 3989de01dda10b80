// What a byte that changes on its way does to a control stream under TLS.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/rpc/grpc_control.h"
#include "common/rpc/grpc_executor_link.h"
#include "proto/control.pb.h"
#include "tests/support/credentials.h"
#include "tests/support/tcp_proxy.h"

namespace millstream::rpc {
namespace {

using namespace std::chrono_literals;
using millstream::tests::TcpProxy;
using security::Credentials;
using security::Role;

constexpr ExecutorId kExecutor{1};

std::string TextOf(uint64_t number) { return std::string(100, 'x') + std::to_string(number); }

// Numbers that must arrive as 0, 1, 2 …, each with its text. Thread-safe.
class Sequence {
 public:
  void Take(uint64_t number, const std::string& text) {
    if (number != next_ || text != TextOf(number)) damaged_ = true;
    ++next_;
  }
  uint64_t size() const { return next_; }
  bool damaged() const { return damaged_; }

 private:
  std::atomic<uint64_t> next_ = 0;
  std::atomic<bool> damaged_ = false;
};

// A driver that answers every status with a command.
class AnsweringDriver {
 public:
  explicit AnsweringDriver(const Credentials& own) : endpoint_(*GrpcDriverEndpoint::Listen(own, {})) {
    endpoint_->Listen({[this](ExecutorId executor, std::shared_ptr<const proto::FromExecutor> message) {
                         for (const auto& status : message->statuses()) Answer(executor, status);
                       },
                       [](ExecutorId, const std::string&) {}});
    endpoint_->Expect(kExecutor);
    loop_ = std::thread([this] {
      std::mutex mutex;
      std::unique_lock turn(mutex);
      while (!done_) endpoint_->Wait(turn, std::nullopt);
    });
  }
  ~AnsweringDriver() {
    done_ = true;
    endpoint_->Wake();
    loop_.join();
  }

  const std::string& address() const { return endpoint_->address(); }
  const Sequence& heard() const { return heard_; }

 private:
  void Answer(ExecutorId executor, const proto::TaskStatus& status) {
    heard_.Take(status.stage_run(), status.result());
    auto message = std::make_shared<proto::ToExecutor>();
    proto::Launch* launch = message->add_commands()->mutable_launch();
    launch->set_stage_run(answered_);
    launch->set_plan(TextOf(answered_++));
    endpoint_->Send(executor, std::move(message));
  }

  Sequence heard_;
  uint64_t answered_ = 0;
  std::atomic<bool> done_ = false;
  std::unique_ptr<GrpcDriverEndpoint> endpoint_;
  std::thread loop_;
};

// An executor that sends statuses until its stream ends, which is noticed at once.
class TalkingExecutor {
 public:
  TalkingExecutor(const std::string& driver_address, const Credentials& own)
      : link_(driver_address, own, std::chrono::seconds(60)) {
    link_.Start({[this](std::shared_ptr<const proto::ToExecutor> message) {
                   for (const auto& command : message->commands())
                     heard_.Take(command.launch().stage_run(), command.launch().plan());
                 },
                 [this](const std::string&) {
                   std::lock_guard lock(mutex_);
                   ended_ = true;
                   changed_.notify_all();
                 }});
    auto hello = std::make_shared<proto::FromExecutor>();
    hello->mutable_hello()->set_executor(Number(kExecutor));
    link_.Send(std::move(hello));
  }

  // False if the stream still lives after a minute.
  bool TalkUntilItEnds() {
    const auto end = std::chrono::steady_clock::now() + 60s;
    for (uint64_t number = 0; std::chrono::steady_clock::now() < end; ++number) {
      auto message = std::make_shared<proto::FromExecutor>();
      proto::TaskStatus* status = message->add_statuses();
      status->set_stage_run(number);
      status->set_result(TextOf(number));
      link_.Send(std::move(message));
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, 100us, [this] { return ended_; })) return true;
    }
    return false;
  }

  const Sequence& heard() const { return heard_; }

 private:
  Sequence heard_;
  std::mutex mutex_;  // protects ended_
  std::condition_variable changed_;
  bool ended_ = false;
  GrpcExecutorLink link_;
};

TEST(TlsDamageTest, AChangedByteEndsTheConnectionAndNothingOfItIsApplied) {
  const security::ClusterSecret cluster = test::NewClusterSecret();
  const Credentials driver_credentials = *cluster.Issue({Role::kDriver, "one"});
  const Credentials executor_credentials = *cluster.Issue({Role::kExecutor, "one"});
  uint64_t applied = 0;
  for (const auto direction : {TcpProxy::kToServer, TcpProxy::kToClient}) {
    // In the hello, in the certificates and the rest of the handshake, in the calls' headers, in messages.
    for (const uint64_t position : {0, 60, 200, 500, 900, 1300, 1700, 2111, 2500, 4000, 9000, 20000}) {
      SCOPED_TRACE(testing::Message()
                   << "byte " << position << (direction ? " to" : " from") << " the executor");
      AnsweringDriver driver(driver_credentials);
      TcpProxy proxy(driver.address());
      proxy.FlipBit(direction, position);
      TalkingExecutor executor(proxy.address(), executor_credentials);
      EXPECT_TRUE(executor.TalkUntilItEnds());
      EXPECT_EQ(proxy.faults(), 1);
      EXPECT_FALSE(driver.heard().damaged());
      EXPECT_FALSE(executor.heard().damaged());
      applied += driver.heard().size() + executor.heard().size();
    }
  }
  EXPECT_GT(applied, 0u) << "what came before the byte is good";
}

}  // namespace
}  // namespace millstream::rpc
