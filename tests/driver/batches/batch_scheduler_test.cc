#include "driver/batches/batch_scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "driver/batches/receiver_placement.h"

namespace millstream::driver {
namespace {

using Command = proto::ToExecutor::Command;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

plan::StreamingRequest Request(int receivers, StorageLevel level = StorageLevel::kMemoryAndDiskSer2) {
  plan::StreamingRequest request;
  request.interval = std::chrono::milliseconds(1000);
  for (int i = 0; i < receivers; ++i) {
    request.receivers.push_back(
        {StreamId{static_cast<uint32_t>(i)}, "socket_text", "", "socket " + std::to_string(i), level});
  }
  return request;
}

// A batch scheduler whose executors, receivers and user are played by the test.
class Harness {
 public:
  explicit Harness(const plan::StreamingRequest& request) : scheduler_(request) {}

  void Handle(const BatchEvent& event) {
    std::vector<BatchCommand> commands;
    scheduler_.Handle(event, commands);
    for (BatchCommand& command : commands) Take(command);
  }
  void Join(uint32_t executor, int cores = 1) { Handle(ExecutorJoined{ExecutorId{executor}, cores}); }
  void Lose(uint32_t executor) { Handle(ExecutorLost{ExecutorId{executor}, "was killed"}); }
  void Start(int64_t now_ms) { Handle(StreamingStarted{now_ms}); }
  void Tick(int64_t now_ms) { Handle(TimePassed{now_ms}); }

  void Report(uint32_t executor, uint64_t sequence, std::vector<uint32_t> peers, uint32_t stream = 0,
              uint32_t epoch = 1) {
    plan::BlockLocation block{
        {plan::BlockId::Kind::kReceived, stream, uint64_t{epoch} << 32 | sequence, 0}, 10, {}};
    for (const uint32_t peer : peers) block.peers.push_back(ExecutorId{peer});
    Handle(BlockReported{ExecutorId{executor}, epoch, block});
  }
  void Stopped(uint32_t stream = 0, uint32_t epoch = 1) {
    Handle(ReceiverReported{StreamId{stream}, epoch, ReceiverReported::Kind::kStopped, ""});
  }
  void Finish(absl::Status status = absl::OkStatus()) {
    const BatchId id = running.at(0).id;
    running.erase(running.begin());
    Handle(BatchEnded{id, std::move(status)});
  }

  std::vector<SendCommand> Take(Command::KindCase kind) {
    std::vector<SendCommand> taken;
    for (SendCommand& send : sent) {
      if (send.command.kind_case() == kind) taken.push_back(std::move(send));
    }
    std::erase_if(sent, [&](const SendCommand& send) {
      return send.command.kind_case() == kind || send.command.kind_case() == 0;
    });
    return taken;
  }
  std::vector<uint64_t> BlocksOf(size_t batch, size_t stream = 0) const {
    std::vector<uint64_t> sequences;
    for (const auto& block : running.at(batch).inputs.at(stream).blocks)
      sequences.push_back(block.id.b & 0xffffffff);
    return sequences;
  }

  std::vector<plan::BatchRecord> running;  // RunBatch not answered yet
  std::vector<SendCommand> sent;
  std::vector<BlockMoved> moved;
  std::vector<CoresReserved> reserved;
  std::vector<std::string> log;
  std::optional<absl::Status> ended;
  int cancels = 0;
  const BatchScheduler& scheduler() const { return scheduler_; }

 private:
  void Take(BatchCommand& command) {
    if (auto* run = std::get_if<RunBatch>(&command)) running.push_back(run->batch);
    if (auto* send = std::get_if<SendCommand>(&command)) sent.push_back(*send);
    if (auto* move = std::get_if<BlockMoved>(&command)) moved.push_back(*move);
    if (auto* cores = std::get_if<CoresReserved>(&command)) reserved.push_back(*cores);
    if (auto* line = std::get_if<LogLine>(&command)) log.push_back(line->text);
    if (auto* end = std::get_if<StreamingEnded>(&command)) ended = end->status;
    if (std::holds_alternative<CancelBatches>(command)) ++cancels;
  }

  BatchScheduler scheduler_;
};

TEST(BatchScheduler, TicksAtMultiplesOfTheInterval) {
  Harness batches(Request(0));
  batches.Start(12'345);
  EXPECT_EQ(batches.scheduler().NextTickMs(), 13'000);
  batches.Tick(12'999);
  EXPECT_THAT(batches.running, IsEmpty());
  batches.Tick(13'000);
  ASSERT_EQ(batches.running.size(), 1u);
  EXPECT_EQ(batches.running[0].time_ms, 13'000);
  EXPECT_EQ(batches.running[0].id, BatchId{0});
}

TEST(BatchScheduler, AStartExactlyOnTheGridTicksOneIntervalLater) {
  Harness batches(Request(0));
  batches.Start(13'000);
  EXPECT_EQ(batches.scheduler().NextTickMs(), 14'000);
}

TEST(BatchScheduler, ALateTimerMakesUpForEveryTickInSequenceOneBatchAtATime) {
  Harness batches(Request(0));
  batches.Start(0);
  batches.Tick(3'500);
  std::vector<int64_t> times;
  while (!batches.running.empty()) {
    ASSERT_EQ(batches.running.size(), 1u);
    times.push_back(batches.running[0].time_ms);
    batches.Finish();
  }
  EXPECT_THAT(times, ElementsAre(1000, 2000, 3000));
}

TEST(BatchScheduler, ABatchGetsWhatWasReportedUpToItsTick) {
  Harness batches(Request(1, StorageLevel::kMemoryOnly));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Report(0, 0, {0});
  batches.Report(0, 1, {0});
  batches.Tick(1000);
  EXPECT_THAT(batches.BlocksOf(0), ElementsAre(0u, 1u));
  batches.Report(0, 2, {0});
  batches.Finish();
  batches.Tick(2000);
  EXPECT_THAT(batches.BlocksOf(0), ElementsAre(2u));
}

TEST(BatchScheduler, ABlockReportedTwiceIsReadOnce) {
  Harness batches(Request(1, StorageLevel::kMemoryOnly));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Report(0, 0, {0});
  batches.Report(0, 0, {0});
  batches.Tick(1000);
  EXPECT_THAT(batches.BlocksOf(0), ElementsAre(0u));
}

TEST(BatchScheduler, SettledBlocksAreDroppedWhereTheyAre) {
  Harness batches(Request(1));
  batches.Join(0, 2);
  batches.Join(1, 2);
  batches.Start(0);
  batches.Report(0, 0, {0, 1});
  batches.Report(0, 1, {0, 1});
  batches.Tick(1000);
  batches.Finish();
  const auto drops = batches.Take(Command::kDrop);
  ASSERT_EQ(drops.size(), 2u);
  EXPECT_EQ(drops[0].executor, ExecutorId{0});
  EXPECT_EQ(drops[0].command.drop().blocks_size(), 2);
  EXPECT_EQ(batches.scheduler().kept_blocks(), 0u);
}

TEST(BatchScheduler, AHundredThousandQueuedBlocksAreNoBurden) {
  Harness batches(Request(1));
  batches.Join(0, 2);
  batches.Join(1, 2);
  batches.Start(0);
  for (uint64_t i = 0; i < 100'000; ++i) batches.Report(0, i, {0, 1});
  batches.Tick(1000);
  EXPECT_EQ(batches.BlocksOf(0).size(), 100'000u);
  batches.Lose(1);
  batches.Join(2, 2);
  EXPECT_EQ(batches.Take(Command::kReplicate).size(), 64u) << "copies at once are bounded";
  batches.Finish();
  EXPECT_EQ(batches.scheduler().kept_blocks(), 0u);
}

TEST(BatchScheduler, ReceiversSpreadAndKnowWhereCopiesMayGo) {
  Harness batches(Request(2));
  batches.Join(0, 2);
  batches.Join(1, 2);
  batches.Start(0);
  const auto starts = batches.Take(Command::kStartReceiver);
  ASSERT_EQ(starts.size(), 2u);
  EXPECT_EQ(starts[0].executor, ExecutorId{0});
  EXPECT_EQ(starts[1].executor, ExecutorId{1});
  EXPECT_EQ(starts[0].command.start_receiver().epoch(), 1u);
  EXPECT_THAT(starts[0].command.start_receiver().replica_peers(), ElementsAre(1u));
  EXPECT_THAT(starts[1].command.start_receiver().replica_peers(), ElementsAre(0u));
  ASSERT_EQ(batches.reserved.size(), 2u);
  EXPECT_EQ(batches.reserved[0].cores, 1);
}

TEST(BatchScheduler, AReceiverMovesWithTheNextEpochWhenItsExecutorIsLost) {
  Harness batches(Request(1));
  batches.Join(0);
  batches.Join(1, 2);
  batches.Start(0);
  ASSERT_EQ(batches.Take(Command::kStartReceiver)[0].executor, ExecutorId{1});
  batches.Lose(1);
  // The core that is left is for tasks.
  EXPECT_THAT(batches.Take(Command::kStartReceiver), IsEmpty());
  batches.Join(2, 2);
  const auto starts = batches.Take(Command::kStartReceiver);
  ASSERT_EQ(starts.size(), 1u);
  EXPECT_EQ(starts[0].executor, ExecutorId{2});
  EXPECT_EQ(starts[0].command.start_receiver().epoch(), 2u);
}

TEST(BatchScheduler, WhatAnEarlierEpochReportsIsDropped) {
  Harness batches(Request(1));
  batches.Join(0, 2);
  batches.Join(1, 2);
  batches.Start(0);
  batches.Lose(0);
  batches.Report(1, 5, {1}, 0, /*epoch=*/1);
  EXPECT_EQ(batches.Take(Command::kDrop).size(), 1u);
  batches.Tick(1000);
  EXPECT_THAT(batches.BlocksOf(0), IsEmpty());
}

TEST(BatchScheduler, AReceiverThatEndsByItselfStartsAnewAtTheNextTick) {
  Harness batches(Request(1));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Take(Command::kStartReceiver);
  batches.Stopped();
  batches.Tick(1000);
  ASSERT_EQ(batches.Take(Command::kStartReceiver).size(), 1u);
}

TEST(BatchScheduler, WhatAReceiverComplainsOfIsLoggedWithItsName) {
  Harness batches(Request(1));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Handle(ReceiverReported{StreamId{0}, 1, ReceiverReported::Kind::kError, "connection refused"});
  EXPECT_THAT(batches.log, ElementsAre("socket 0: connection refused"));
}

TEST(BatchScheduler, ABlockThatLosesACopyIsCopiedAgainAtOnce) {
  Harness batches(Request(1));
  for (uint32_t e = 0; e < 3; ++e) batches.Join(e, 2);
  batches.Start(0);
  batches.Report(0, 0, {0, 1});
  batches.Lose(1);
  const auto copies = batches.Take(Command::kReplicate);
  ASSERT_EQ(copies.size(), 1u);
  EXPECT_EQ(copies[0].executor, ExecutorId{0});
  EXPECT_EQ(copies[0].command.replicate().to(), 2u);
  const plan::BlockId id{plan::BlockId::Kind::kReceived, 0, uint64_t{1} << 32, 0};
  batches.Handle(BlockReplicated{id, ExecutorId{2}, true});
  ASSERT_EQ(batches.moved.size(), 1u);
  EXPECT_THAT(batches.moved[0].peers, ElementsAre(ExecutorId{0}, ExecutorId{2}));
  // Now the first may go too.
  batches.Lose(0);
  batches.Tick(1000);
  EXPECT_THAT(batches.running.at(0).inputs[0].blocks[0].peers, ElementsAre(ExecutorId{2}));
}

TEST(BatchScheduler, ACopyThatFailsIsTriedAgainAFewTimes) {
  Harness batches(Request(1));
  batches.Join(0, 2);
  batches.Join(1, 2);
  batches.Start(0);
  batches.Report(0, 0, {0});
  const plan::BlockId id{plan::BlockId::Kind::kReceived, 0, uint64_t{1} << 32, 0};
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(batches.Take(Command::kReplicate).size(), 1u) << i;
    batches.Handle(BlockReplicated{id, ExecutorId{1}, false});
  }
  EXPECT_THAT(batches.Take(Command::kReplicate), IsEmpty());
}

TEST(BatchScheduler, ABlockWithOneExecutorIsCopiedWhenAnotherJoins) {
  Harness batches(Request(1));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Report(0, 0, {0});
  EXPECT_THAT(batches.Take(Command::kReplicate), IsEmpty());
  batches.Join(1, 1);
  EXPECT_EQ(batches.Take(Command::kReplicate).size(), 1u);
}

TEST(BatchScheduler, ABatchWhoseBlockHasNoCopyLeftFailsByName) {
  Harness batches(Request(1, StorageLevel::kMemoryOnly));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Report(0, 7, {0});
  batches.Lose(0);
  batches.Tick(1000);
  EXPECT_THAT(batches.running, IsEmpty());
  ASSERT_TRUE(batches.ended.has_value());
  EXPECT_EQ(
      batches.ended->message(),
      "batch 0 (time 1000 ms): socket 0: no copy is left of block input-0-4294967303: executor 0 was killed");
}

TEST(BatchScheduler, AFailedBatchEndsItAllAndStopsReceivers) {
  Harness batches(Request(1));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Tick(2000);
  batches.Finish(absl::AbortedError("Task 3 of FlatMap failed: boom"));
  ASSERT_TRUE(batches.ended.has_value());
  EXPECT_EQ(batches.ended->message(), "batch 0 (time 1000 ms): Task 3 of FlatMap failed: boom");
  EXPECT_EQ(batches.Take(Command::kStopReceiver).size(), 1u);
  EXPECT_THAT(batches.running, IsEmpty());
  EXPECT_EQ(batches.scheduler().NextTickMs(), std::nullopt);
}

TEST(BatchScheduler, AGracefulStopProcessesWhatReceiversStillHad) {
  Harness batches(Request(1, StorageLevel::kMemoryOnly));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Report(0, 0, {0});
  batches.Tick(1000);
  batches.Handle(StopRequested{true});
  EXPECT_EQ(batches.Take(Command::kStopReceiver).size(), 1u);
  batches.Report(0, 1, {0});
  batches.Stopped();
  EXPECT_EQ(batches.ended, std::nullopt);
  batches.Finish();
  ASSERT_EQ(batches.running.size(), 1u);
  EXPECT_EQ(batches.running[0].time_ms, 2000);
  EXPECT_THAT(batches.BlocksOf(0), ElementsAre(1u));
  batches.Finish();
  EXPECT_EQ(batches.ended, absl::OkStatus());
}

TEST(BatchScheduler, AGracefulStopWithNothingLeftEndsAtOnce) {
  Harness batches(Request(0));
  batches.Start(0);
  batches.Handle(StopRequested{true});
  EXPECT_EQ(batches.ended, absl::OkStatus());
}

TEST(BatchScheduler, AGracefulStopDoesNotWaitForALostReceiver) {
  Harness batches(Request(1));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Handle(StopRequested{true});
  EXPECT_EQ(batches.ended, std::nullopt);
  batches.Lose(0);
  EXPECT_EQ(batches.ended, absl::OkStatus());
}

TEST(BatchScheduler, AGracefulStopIsBounded) {
  Harness batches(Request(1, StorageLevel::kMemoryOnly));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Report(0, 0, {0});
  batches.Handle(StopRequested{true});
  batches.Handle(ReceiversOverdue{});
  ASSERT_EQ(batches.running.size(), 1u);
  batches.Finish();
  EXPECT_EQ(batches.ended, absl::OkStatus());
}

TEST(BatchScheduler, AnImmediateStopCancelsWhatRunsAndForgetsWhatWaits) {
  Harness batches(Request(1));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Tick(5000);
  batches.Handle(StopRequested{false});
  EXPECT_EQ(batches.cancels, 1);
  EXPECT_EQ(batches.Take(Command::kStopReceiver).size(), 1u);
  EXPECT_EQ(batches.ended, std::nullopt);
  batches.Finish(absl::CancelledError("stopped"));
  EXPECT_EQ(batches.ended, absl::OkStatus());
  EXPECT_THAT(batches.running, IsEmpty());
}

TEST(BatchScheduler, AnImmediateStopCutsAGracefulOneShort) {
  Harness batches(Request(1));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Handle(StopRequested{true});
  batches.Handle(StopRequested{false});
  EXPECT_EQ(batches.ended, absl::OkStatus());
}

TEST(ReceiverPlacement, SpreadsAndLeavesACoreForTasks) {
  EXPECT_EQ(PlaceReceiver({{ExecutorId{0}, 2, 1}, {ExecutorId{1}, 2, 0}}), ExecutorId{1});
  EXPECT_EQ(PlaceReceiver({{ExecutorId{0}, 1, 0}, {ExecutorId{1}, 4, 0}}), ExecutorId{1});
  EXPECT_EQ(PlaceReceiver({{ExecutorId{0}, 1, 0}, {ExecutorId{1}, 1, 0}}), ExecutorId{0});
  EXPECT_EQ(PlaceReceiver({{ExecutorId{0}, 1, 0}}), std::nullopt);
  EXPECT_EQ(PlaceReceiver({{ExecutorId{0}, 1, 1}, {ExecutorId{1}, 1, 0}}), std::nullopt);
  EXPECT_EQ(PlaceReceiver({}), std::nullopt);
}

}  // namespace
}  // namespace millstream::driver
