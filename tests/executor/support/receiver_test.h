// What tests of receivers share: one receiver, of stream 3 and epoch 1, on executor 0 of a cluster.
#ifndef MILLSTREAM_TESTS_EXECUTOR_SUPPORT_RECEIVER_TEST_H_
#define MILLSTREAM_TESTS_EXECUTOR_SUPPORT_RECEIVER_TEST_H_

#include <gtest/gtest.h>
#include <millstream/exec/encoder.h>
#include <millstream/exec/storage_level.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/plan/block_messages.h"
#include "tests/executor/support/test_cluster.h"

namespace millstream::executor {

class ReceiverTest : public testing::Test {
 protected:
  using Messages = TestCluster::Messages;

  void Open(TestCluster::Options options = {}) { cluster_ = std::make_unique<TestCluster>(options); }

  static proto::StartReceiver CommonSettings() {
    proto::StartReceiver start;
    start.set_stream(3);
    start.set_epoch(1);
    start.set_block_interval_ms(5);
    start.set_restart_delay_ms(5);
    start.set_max_record_bytes(16 << 20);
    start.set_level(static_cast<uint32_t>(StorageLevel::kMemoryAndDiskSer2));
    return start;
  }
  static proto::StartReceiver SocketSettings(const std::string& receiver, uint16_t port,
                                             const std::string& host = "localhost") {
    exec::Encoder state;
    state.PutVarint(host.size());
    state.PutBytes(host);
    state.PutVarint(port);
    proto::StartReceiver start = CommonSettings();
    start.mutable_receiver()->mutable_kernel()->mutable_builtin()->set_name(receiver);
    start.mutable_receiver()->set_state(std::string(state.view()));
    return start;
  }

  void Start(const proto::StartReceiver& settings) {
    proto::ToExecutor message;
    *message.add_commands()->mutable_start_receiver() = settings;
    cluster_->Send(0, message);
  }
  void AskToStop() {
    proto::ToExecutor message;
    message.add_commands()->mutable_stop_receiver()->set_stream(3);
    message.mutable_commands(0)->mutable_stop_receiver()->set_epoch(1);
    cluster_->Send(0, message);
  }
  void StopReceiver() {
    AskToStop();
    EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::STOPPED, ""));
  }

  bool WaitForEvent(proto::ReceiverEvent::Kind kind, const std::string& text, int times = 1) {
    return cluster_->WaitFor([&](const Messages& said) { return CountEvents(said, kind, text) >= times; });
  }
  static int CountEvents(const Messages& said, proto::ReceiverEvent::Kind kind, const std::string& text) {
    int count = 0;
    for (const auto& message : said) {
      for (const proto::ReceiverEvent& event : message->receivers()) {
        count += event.kind() == kind && event.message().find(text) != std::string::npos;
      }
    }
    return count;
  }

  static std::vector<proto::ReceivedBlock> ReportedBlocks(const Messages& said) {
    std::vector<proto::ReceivedBlock> blocks;
    for (const auto& message : said)
      blocks.insert(blocks.end(), message->blocks().begin(), message->blocks().end());
    return blocks;
  }
  static uint64_t ReportedBytes(const Messages& said) {
    uint64_t bytes = 0;
    for (const proto::ReceivedBlock& block : ReportedBlocks(said)) bytes += block.block().bytes();
    return bytes;
  }
  bool WaitForBytes(uint64_t bytes) {
    return cluster_->WaitFor([&](const Messages& said) { return ReportedBytes(said) >= bytes; });
  }
  // Everything reported, in order, read from `executor`.
  std::string Received(int executor = 0) {
    std::string text;
    for (const proto::ReceivedBlock& block : ReportedBlocks(cluster_->messages())) {
      auto slices = cluster_->executor(executor).blocks().Get(plan::FromProto(block.block().id()));
      EXPECT_TRUE(slices.ok());
      for (const exec::Bytes& slice : *slices) text += slice.view;
    }
    return text;
  }
  // As the driver does when batches are done: until `bytes` were reported, drops what is.
  bool DropUntilReported(uint64_t bytes) {
    size_t dropped = 0;
    return cluster_->WaitFor([&](const Messages& said) {
      const std::vector<proto::ReceivedBlock> blocks = ReportedBlocks(said);
      for (; dropped < blocks.size(); ++dropped) {
        proto::ToExecutor drop;
        *drop.add_commands()->mutable_drop()->add_blocks() = blocks[dropped].block().id();
        cluster_->Send(0, drop);
      }
      return ReportedBytes(said) == bytes;
    });
  }

  std::unique_ptr<TestCluster> cluster_;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_TESTS_EXECUTOR_SUPPORT_RECEIVER_TEST_H_
