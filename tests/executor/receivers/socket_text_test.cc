// The socket receiver, from a real socket to the reports that the driver gets.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "common/plan/block_messages.h"
#include "tests/executor/support/int_kernels.h"
#include "tests/executor/support/receiver_test.h"
#include "tests/executor/support/text_server.h"

namespace millstream::executor {
namespace {

using Messages = TestCluster::Messages;

class SocketTextTest : public ReceiverTest {
 protected:
  proto::StartReceiver Settings(uint16_t port, const std::string& host = "localhost") {
    return SocketSettings("socket_text", port, host);
  }
  // To a receiver whose blocks should get a copy on an executor that is not there.
  void SendToUnreachablePeer(TextServer& server, const std::string& text) {
    proto::StartReceiver settings = Settings(server.port());
    settings.add_replica_peers(7);
    Start(settings);
    ASSERT_TRUE(server.Accept());
    ASSERT_TRUE(server.Send(text));
  }
};

TEST_F(SocketTextTest, LinesAreStoredAndReported) {
  Open();
  TextServer server;
  Start(Settings(server.port()));
  EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::STARTED, ""));
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send("to be or\nnot to be\n"));
  ASSERT_TRUE(WaitForBytes(19));
  EXPECT_EQ(Received(), "to be or\nnot to be\n");
  for (const auto& message : cluster_->messages()) {
    for (const proto::ReceivedBlock& block : message->blocks()) {
      EXPECT_EQ(block.epoch(), 1u);
      ASSERT_EQ(block.block().peers_size(), 1);
      EXPECT_EQ(block.block().peers(0), 0u);
    }
  }
  StopReceiver();
}

TEST_F(SocketTextTest, ALineThatArrivesInPiecesIsOneLine) {
  Open();
  TextServer server;
  Start(Settings(server.port()));
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send("first\nsec"));
  ASSERT_TRUE(WaitForBytes(6));
  ASSERT_TRUE(server.Send("ond\n"));
  ASSERT_TRUE(WaitForBytes(13));
  EXPECT_EQ(Received(), "first\nsecond\n");
}

TEST_F(SocketTextTest, AnUnterminatedLastLineIsDeliveredAndTheSourceIsTriedAgain) {
  Open();
  TextServer server;
  Start(Settings(server.port()));
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send("one\ntwo"));
  server.CloseClient();
  ASSERT_TRUE(WaitForBytes(7));
  EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::ERROR, "was closed by its other end"));
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send("three\n"));
  ASSERT_TRUE(WaitForBytes(13));
  EXPECT_EQ(Received(), "one\ntwothree\n");
  EXPECT_EQ(CountEvents(cluster_->messages(), proto::ReceiverEvent::CONNECTED, ""), 2);
}

TEST_F(SocketTextTest, ASourceThatIsNotThereYetIsWarnedOfOnceAndPickedUpLater) {
  Open();
  uint16_t port = 0;
  {
    const TextServer closed;
    port = closed.port();
  }
  Start(Settings(port));
  ASSERT_TRUE(WaitForEvent(proto::ReceiverEvent::ERROR, "cannot connect to localhost:"));
  TextServer server(port);
  ASSERT_EQ(server.port(), port);
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send("here\n"));
  ASSERT_TRUE(WaitForBytes(5));
  EXPECT_EQ(CountEvents(cluster_->messages(), proto::ReceiverEvent::ERROR, "cannot connect"), 1);
}

TEST_F(SocketTextTest, ABrokenConnectionLosesOnlyTheLineThatHadBegun) {
  Open();
  TextServer server;
  Start(Settings(server.port()));
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send("whole\nhal"));
  ASSERT_TRUE(WaitForBytes(6));
  server.ResetClient();
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send("next\n"));
  ASSERT_TRUE(WaitForBytes(11));
  EXPECT_EQ(Received(), "whole\nnext\n");
}

TEST_F(SocketTextTest, StopReportsWhatWasReceivedBeforeItSaysSo) {
  Open();
  TextServer server;
  proto::StartReceiver settings = Settings(server.port());
  settings.set_block_interval_ms(3'600'000);
  Start(settings);
  ASSERT_TRUE(server.Accept());
  const std::string line(size_t{1} << 20, 'x');
  ASSERT_TRUE(server.Send(line + "\nlast\n"));
  // The long line is reported by nobody before the interval ends, but the second one tells that the first was
  // read.
  while (cluster_->executor(0).blocks().Get({plan::BlockId::Kind::kReceived, 3, uint64_t{1} << 32, 0}).ok() ==
         false) {
    std::this_thread::yield();
  }
  EXPECT_EQ(ReportedBytes(cluster_->messages()), 0u);
  StopReceiver();
  EXPECT_GE(ReportedBytes(cluster_->messages()), line.size() + 1);
  const Messages said = cluster_->messages();
  EXPECT_EQ(said.back()->receivers_size(), 1);
}

TEST_F(SocketTextTest, BlocksAreOnAPeerBeforeTheyAreReported) {
  Open({.executors = 3});
  TextServer server;
  proto::StartReceiver settings = Settings(server.port());
  settings.add_replica_peers(7);  // not there
  settings.add_replica_peers(2);
  Start(settings);
  ASSERT_TRUE(server.Accept());
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "line " + std::to_string(i) + "\n";
  ASSERT_TRUE(server.Send(text));
  ASSERT_TRUE(WaitForBytes(text.size()));
  EXPECT_EQ(Received(0), text);
  EXPECT_EQ(Received(2), text);
  for (const auto& message : cluster_->messages()) {
    for (const proto::ReceivedBlock& block : message->blocks()) {
      ASSERT_EQ(block.block().peers_size(), 2);
      EXPECT_EQ(block.block().peers(1), 2u);
    }
  }
}

TEST_F(SocketTextTest, WithoutAReachablePeerBlocksAreReportedInOneCopyWithAWarning) {
  Open();
  TextServer server;
  ASSERT_NO_FATAL_FAILURE(SendToUnreachablePeer(server, "alone\n"));
  ASSERT_TRUE(WaitForBytes(6));
  EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::ERROR, "one copy only"));
}

TEST_F(SocketTextTest, TheWarningOfOneCopyIsTakenBackOnceWhenThereAreTwoAgain) {
  Open({.executors = 2});
  TextServer server;
  ASSERT_NO_FATAL_FAILURE(SendToUnreachablePeer(server, "alone\n"));
  ASSERT_TRUE(WaitForEvent(proto::ReceiverEvent::ERROR, "one copy only"));
  proto::ToExecutor message;
  proto::ReceiverPeers& peers = *message.add_commands()->mutable_receiver_peers();
  peers.set_stream(3);
  peers.set_epoch(1);
  peers.add_replica_peers(1);
  cluster_->Send(0, message);
  size_t bytes = 6;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(server.Send("together\n"));
    ASSERT_TRUE(WaitForBytes(bytes += 9));
    EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::NOTE, "kept in two copies now"));
  }
  EXPECT_EQ(CountEvents(cluster_->messages(), proto::ReceiverEvent::NOTE, ""), 1);
}

TEST_F(SocketTextTest, TooLongLinesAreDroppedAndTheNextOneIsFine) {
  Open();
  TextServer server;
  proto::StartReceiver settings = Settings(server.port());
  settings.set_max_record_bytes(2 << 20);
  Start(settings);
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send(std::string(size_t{64} << 20, 'z')));
  ASSERT_TRUE(server.Send("\nfine\n"));
  ASSERT_TRUE(WaitForBytes(5));
  EXPECT_EQ(Received(), "fine\n");
  EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::ERROR, "1 lines from"));
}

TEST_F(SocketTextTest, OfARateLimitedSourceNoLineComesBeforeItsTime) {
  Open();
  TextServer server;
  proto::StartReceiver settings = Settings(server.port());
  settings.set_max_rate(1000);
  const auto begin = std::chrono::steady_clock::now();
  Start(settings);
  ASSERT_TRUE(server.Accept());
  std::string text;
  for (int i = 0; i < 200; ++i) text += "line " + std::to_string(i) + "\n";
  ASSERT_TRUE(server.Send(text));
  ASSERT_TRUE(WaitForBytes(text.size()));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(199));
  EXPECT_EQ(Received(), text);
  EXPECT_GT(ReportedBlocks(cluster_->messages()).size(), 1u) << "what has come in does not wait for the rest";
}

TEST_F(SocketTextTest, ALineThatWaitsForItsTimeIsReceivedWhenTheReceiverIsStopped) {
  Open();
  TextServer server;
  proto::StartReceiver settings = Settings(server.port());
  settings.set_max_rate(1);
  Start(settings);
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send("one\ntwo\nthree\nfour\nfive\n"));
  ASSERT_TRUE(WaitForBytes(4));
  StopReceiver();
  EXPECT_EQ(Received(), "one\ntwo\nthree\nfour\nfive\n");
}

TEST_F(SocketTextTest, AMemoryOnlyReceiverPushesBackUntilThereIsRoom) {
  Open({.memory_bytes = size_t{4} << 20});
  TextServer server;
  proto::StartReceiver settings = Settings(server.port());
  settings.set_level(static_cast<uint32_t>(StorageLevel::kMemoryOnly));
  Start(settings);
  ASSERT_TRUE(server.Accept());
  const std::string line(1023, 'x');
  std::atomic<bool> all_sent{false};
  std::jthread sender([&] {
    bool ok = true;
    for (int i = 0; i < 24 << 10 && ok; ++i) ok = server.Send(line + "\n");
    all_sent = ok;
  });
  ASSERT_TRUE(WaitForEvent(proto::ReceiverEvent::ERROR, "Receiving waits for room"));
  EXPECT_LE(ReportedBytes(cluster_->messages()), size_t{4} << 20);
  EXPECT_TRUE(DropUntilReported(size_t{24} << 20));
}

TEST_F(SocketTextTest, AReceiverTakesACoreFromTasks) {
  Open({.cores = 2});
  TextServer server;
  Start(Settings(server.port()));
  ASSERT_TRUE(server.Accept());
  ResetGate();
  for (uint64_t p = 0; p < 2; ++p) cluster_->AddCollection(9, p, EncodeInts({1}));
  PlanBuilder plan;
  plan.Narrow("Map", kGate, "", {plan.Blocks(2)}, 2);
  cluster_->Install(0, "p", plan.ToResult());
  proto::ToExecutor message;
  proto::Launch* launch = message.add_commands()->mutable_launch();
  *launch = MakeLaunch("p", 1, 2);
  AddCollectionInput(*launch, 9, 2);
  cluster_->Send(0, message);
  WaitForGateArrivals(1);
  EXPECT_EQ(GateArrivals(), 1);
  StopReceiver();
  WaitForGateArrivals(2);
  EXPECT_EQ(GateArrivals(), 2);
  ReleaseGate();
}

TEST_F(SocketTextTest, AnUnknownKindOfReceiverSaysSoAndEnds) {
  Open();
  proto::StartReceiver settings = Settings(1);
  settings.mutable_receiver()->mutable_kernel()->mutable_builtin()->set_name("carrier_pigeon");
  Start(settings);
  EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::ERROR, "carrier_pigeon"));
  EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::STOPPED, ""));
}

TEST_F(SocketTextTest, TheExecutorStopsWhileASourceIsSilent) {
  Open();
  TextServer server;
  Start(Settings(server.port()));
  ASSERT_TRUE(server.Accept());
  cluster_->StopExecutor(0);
}

TEST_F(SocketTextTest, ABlockIsCopiedToAnotherExecutorOnCommand) {
  Open({.executors = 2});
  const plan::BlockId id{plan::BlockId::Kind::kReceived, 3, 8, 0};
  ASSERT_TRUE(cluster_->executor(0).blocks().Put(id, {exec::OwnBytes("text\n")}).ok());
  proto::ToExecutor message;
  proto::Replicate* replicate = message.add_commands()->mutable_replicate();
  plan::ToProto(id, *replicate->mutable_block());
  replicate->set_to(1);
  cluster_->Send(0, message);
  ASSERT_TRUE(cluster_->WaitFor([](const Messages& said) {
    return std::any_of(said.begin(), said.end(), [](const auto& one) {
      return one->replicated_size() == 1 && one->replicated(0).ok() && one->replicated(0).to() == 1;
    });
  }));
  EXPECT_TRUE(cluster_->executor(1).blocks().Get(id).ok());
}

}  // namespace
}  // namespace millstream::executor
