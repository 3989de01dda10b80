#include "common/rpc/in_memory_link.h"

#include <gtest/gtest.h>

#include <thread>

#include "proto/control.pb.h"

namespace millstream::rpc {
namespace {

using std::chrono::steady_clock;

constexpr ExecutorId kOne{1};
constexpr ExecutorId kTwo{2};

std::shared_ptr<proto::FromExecutor> Status(uint32_t partition) {
  auto message = std::make_shared<proto::FromExecutor>();
  message->add_statuses()->set_partition(partition);
  return message;
}

std::shared_ptr<proto::ToExecutor> Cancel(uint64_t stage_run) {
  auto message = std::make_shared<proto::ToExecutor>();
  message->add_commands()->mutable_cancel()->set_stage_run(stage_run);
  return message;
}

class InMemoryLinkTest : public testing::Test {
 protected:
  InMemoryLinkTest() {
    endpoint_.Listen({[this](ExecutorId, std::shared_ptr<const proto::FromExecutor> message) {
                        last_ = message;
                        partitions_.push_back(message->statuses(0).partition());
                      },
                      [this](ExecutorId, std::string reason) { closed_.push_back(std::move(reason)); }});
  }

  InMemoryEndpoint::OnMessage Record() {
    return [this](std::shared_ptr<const proto::ToExecutor> message) {
      stage_runs_.push_back(message->commands(0).cancel().stage_run());
    };
  }

  // Handles what is there.
  void Poll() { Wait(steady_clock::now()); }
  void Wait(std::optional<steady_clock::time_point> deadline) {
    std::unique_lock turn(turn_);
    endpoint_.Wait(turn, deadline);
  }

  std::mutex turn_;
  InMemoryEndpoint endpoint_;
  std::shared_ptr<const proto::FromExecutor> last_;
  std::vector<uint32_t> partitions_;
  std::vector<uint64_t> stage_runs_;
  std::vector<std::string> closed_;
};

TEST_F(InMemoryLinkTest, MessagesAreHandedOverByPointerInOrder) {
  std::shared_ptr<ExecutorLink> link = endpoint_.Attach(kOne, Record());
  const auto second = Status(8);
  link->Send(Status(7));
  link->Send(second);
  Poll();
  EXPECT_EQ(partitions_, (std::vector<uint32_t>{7, 8}));
  EXPECT_EQ(last_, second);

  endpoint_.Send(kOne, Cancel(3));
  endpoint_.Send(kTwo, Cancel(4));
  EXPECT_EQ(stage_runs_, (std::vector<uint64_t>{3}));
}

TEST_F(InMemoryLinkTest, WaitEndsWhenAnotherThreadWakesItOrSends) {
  std::shared_ptr<ExecutorLink> link = endpoint_.Attach(kOne, Record());
  std::thread waker([&] { endpoint_.Wake(); });
  Wait(std::nullopt);
  waker.join();
  std::thread sender([&] { link->Send(Status(1)); });
  Wait(std::nullopt);
  sender.join();
  EXPECT_EQ(partitions_, (std::vector<uint32_t>{1}));
}

TEST_F(InMemoryLinkTest, AFreeSenderMayDeliverItself) {
  std::thread::id delivered_by;
  endpoint_.Listen({.on_message = [&](ExecutorId, auto) { delivered_by = std::this_thread::get_id(); },
                    .on_closed = [](ExecutorId, const std::string&) {},
                    .arrived =
                        [&] {
                          std::unique_lock turn(turn_);
                          EXPECT_TRUE(endpoint_.HasArrived());
                          endpoint_.Deliver();
                        }});
  std::shared_ptr<ExecutorLink> link = endpoint_.Attach(kOne, Record());
  link->Send(Status(1));
  EXPECT_EQ(delivered_by, std::thread::id());
  link->Send(Status(2), Sender::kFree);
  EXPECT_EQ(delivered_by, std::this_thread::get_id());
  EXPECT_FALSE(endpoint_.HasArrived());
}

TEST_F(InMemoryLinkTest, AWakeBeforeTheWaitIsNotLost) {
  endpoint_.Wake();
  Wait(std::nullopt);
  SUCCEED();
}

TEST_F(InMemoryLinkTest, WhatADisconnectedExecutorSentIsDropped) {
  std::shared_ptr<ExecutorLink> link = endpoint_.Attach(kOne, Record());
  link->Send(Status(1));
  endpoint_.Disconnect(kOne);
  link->Send(Status(2));
  Poll();
  EXPECT_TRUE(partitions_.empty());
  EXPECT_TRUE(closed_.empty());
}

TEST_F(InMemoryLinkTest, ADetachedExecutorIsReportedAfterItsLastMessage) {
  std::shared_ptr<ExecutorLink> link = endpoint_.Attach(kOne, Record());
  link->Send(Status(1));
  endpoint_.Detach(kOne, "killed");
  endpoint_.Send(kOne, Cancel(1));
  Poll();
  EXPECT_EQ(partitions_, (std::vector<uint32_t>{1}));
  EXPECT_EQ(closed_, (std::vector<std::string>{"killed"}));
  EXPECT_TRUE(stage_runs_.empty());
}

TEST_F(InMemoryLinkTest, AnInterceptorDropsDuplicatesAndDelaysEncodedMessages) {
  std::string kept;
  endpoint_.Intercept({.to_executor =
                           [](ExecutorId, std::string bytes) {
                             return std::vector<std::string>{bytes, bytes};
                           },
                       .to_driver =
                           [&](ExecutorId, std::string bytes) {
                             if (kept.empty()) {
                               kept = bytes;
                               return std::vector<std::string>{};
                             }
                             return std::vector<std::string>{bytes};
                           }});
  std::shared_ptr<ExecutorLink> link = endpoint_.Attach(kOne, Record());
  link->Send(Status(1));
  link->Send(Status(2));
  endpoint_.InjectToDriver(kOne, kept);
  Poll();
  EXPECT_EQ(partitions_, (std::vector<uint32_t>{2, 1}));

  endpoint_.Send(kOne, Cancel(5));
  endpoint_.InjectToExecutor(kOne, Cancel(6)->SerializeAsString());
  Poll();
  EXPECT_EQ(stage_runs_, (std::vector<uint64_t>{5, 5, 6}));
}

TEST_F(InMemoryLinkTest, AMessageThatDoesNotParseEndsTheStream) {
  endpoint_.Intercept({.to_executor = nullptr, .to_driver = [](ExecutorId, std::string) {
                         return std::vector<std::string>{"\xff"};
                       }});
  std::shared_ptr<ExecutorLink> link = endpoint_.Attach(kOne, Record());
  link->Send(Status(1));
  Poll();
  EXPECT_EQ(closed_, (std::vector<std::string>{"a damaged message"}));
}

}  // namespace
}  // namespace millstream::rpc
