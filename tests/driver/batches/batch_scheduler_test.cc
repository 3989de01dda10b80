#include "driver/batches/batch_scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/driver/batches/batch_harness.h"

namespace millstream::driver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(BatchScheduler, TicksAtMultiplesOfTheInterval) {
  BatchHarness batches(Request(0));
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
  BatchHarness batches(Request(0));
  batches.Start(13'000);
  EXPECT_EQ(batches.scheduler().NextTickMs(), 14'000);
}

TEST(BatchScheduler, ALateTimerMakesUpForEveryTickInSequenceOneBatchAtATime) {
  BatchHarness batches(Request(0));
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
  BatchHarness batches(Request(1, StorageLevel::kMemoryOnly));
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
  BatchHarness batches(Request(1, StorageLevel::kMemoryOnly));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Report(0, 0, {0});
  batches.Report(0, 0, {0});
  batches.Tick(1000);
  EXPECT_THAT(batches.BlocksOf(0), ElementsAre(0u));
}

TEST(BatchScheduler, SettledBlocksAreDroppedWhereTheyAre) {
  BatchHarness batches(Request(1));
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
  BatchHarness batches(Request(1));
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

TEST(BatchScheduler, ABlockThatLosesACopyIsCopiedAgainAtOnce) {
  BatchHarness batches(Request(1));
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
  BatchHarness batches(Request(1));
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
  BatchHarness batches(Request(1));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Report(0, 0, {0});
  EXPECT_THAT(batches.Take(Command::kReplicate), IsEmpty());
  batches.Join(1, 1);
  EXPECT_EQ(batches.Take(Command::kReplicate).size(), 1u);
}

TEST(BatchScheduler, ABatchWhoseBlockHasNoCopyLeftFailsByName) {
  BatchHarness batches(Request(1, StorageLevel::kMemoryOnly));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Report(0, 7, {0});
  batches.Lose(0);
  batches.Tick(1000);
  EXPECT_THAT(batches.running, IsEmpty());
  ASSERT_TRUE(batches.ended.has_value());
  EXPECT_EQ(
      batches.ended->message(),
      "batch 0 (time 1000 ms): socket 0: no copy is left of block input-0-4294967303: executor 0 was killed. "
      "A storage level ending in 2, the default, keeps copies on two executors, which outlast the loss of "
      "one: run at least two, and on two hosts if there are, and find out what ended these");
}

TEST(BatchScheduler, ABlockThatUserCodeTookWithItBlamesTheUserCode) {
  BatchHarness batches(Request(1, StorageLevel::kMemoryOnly));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Report(0, 7, {0});
  batches.Handle(ExecutorLost{ExecutorId{0},
                              "was killed by signal 11 (SIGSEGV) in Map. Fix the function passed to Map"});
  batches.Tick(1000);
  ASSERT_TRUE(batches.ended.has_value());
  EXPECT_EQ(batches.ended->message(),
            "batch 0 (time 1000 ms): executor 0 was killed by signal 11 (SIGSEGV) in Map; no copy is left of "
            "block input-0-4294967303 of socket 0. Fix the function passed to Map");
}

TEST(BatchScheduler, AReceiverTellsEachTimeItIsConnected) {
  BatchHarness batches(Request(1, StorageLevel::kMemoryOnly));
  batches.Join(0, 2);
  batches.Start(0);
  for (int i = 0; i < 2; ++i)
    batches.Handle(ReceiverReported{StreamId{0}, 1, ReceiverReported::Kind::kConnected, "", ExecutorId{0}});
  EXPECT_THAT(batches.log, ElementsAre("socket 0: connected", "socket 0: connected"));
}

TEST(BatchScheduler, BlocksAreCutAtLeastOncePerBatch) {
  plan::StreamingRequest request = Request(1);
  request.block_interval = 5 * request.interval;
  BatchHarness batches(request);
  batches.Join(0, 2);
  batches.Start(0);
  const auto starts = batches.Take(Command::kStartReceiver);
  ASSERT_EQ(starts.size(), 1u);
  EXPECT_EQ(starts[0].command.start_receiver().block_interval_ms(), 1000u);
}

TEST(BatchScheduler, OneExecutorForTwoCopiesIsWarnedOfOnce) {
  BatchHarness alone(Request(2));
  alone.Join(0, 3, "worker");
  alone.Start(0);
  alone.Tick(2000);
  EXPECT_THAT(alone.log, ElementsAre(HasSubstr("socket 0: its storage level asks for two copies")));
}

TEST(BatchScheduler, TheWarningOfOneExecutorIsTakenBackWhenThereAreTwo) {
  BatchHarness batches(Request(1));
  batches.Join(0, 3, "worker");
  batches.Start(0);
  batches.log.clear();
  batches.Lose(0);
  for (const uint32_t executor : {1, 2, 3}) batches.Join(executor, 3, "worker");
  EXPECT_THAT(batches.log, ElementsAre("there are two executors: what is received gets two copies"));
}

TEST(BatchScheduler, AReceiversNoteIsLoggedUnderItsName) {
  BatchHarness batches(Request(1));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Handle(
      ReceiverReported{StreamId{0}, 1, ReceiverReported::Kind::kNote, "all is well", ExecutorId{0}});
  EXPECT_THAT(batches.log, ElementsAre("socket 0: all is well"));
}

TEST(BatchScheduler, CopiesThatAreThereOrNotWantedAreNotWarnedOf) {
  BatchHarness pair(Request(1));
  pair.Join(0, 2, "worker");
  pair.Join(1, 2, "worker");
  BatchHarness single(Request(1, StorageLevel::kMemoryOnly));
  single.Join(0, 2, "worker");
  BatchHarness local(Request(1));
  local.Join(0, 2);
  for (BatchHarness* batches : {&pair, &single, &local}) {
    batches->Start(0);
    EXPECT_THAT(batches->log, IsEmpty());
  }
}

TEST(BatchScheduler, AFailedBatchEndsItAllAndStopsReceivers) {
  BatchHarness batches(Request(1));
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
  BatchHarness batches(Request(1, StorageLevel::kMemoryOnly));
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
  BatchHarness batches(Request(0));
  batches.Start(0);
  batches.Handle(StopRequested{true});
  EXPECT_EQ(batches.ended, absl::OkStatus());
}

TEST(BatchScheduler, AGracefulStopDoesNotWaitForALostReceiver) {
  BatchHarness batches(Request(1));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Handle(StopRequested{true});
  EXPECT_EQ(batches.ended, std::nullopt);
  batches.Lose(0);
  EXPECT_EQ(batches.ended, absl::OkStatus());
}

TEST(BatchScheduler, AGracefulStopIsBounded) {
  BatchHarness batches(Request(1, StorageLevel::kMemoryOnly));
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
  BatchHarness batches(Request(1));
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
  BatchHarness batches(Request(1));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Handle(StopRequested{true});
  batches.Handle(StopRequested{false});
  EXPECT_EQ(batches.ended, absl::OkStatus());
}

}  // namespace
}  // namespace millstream::driver
