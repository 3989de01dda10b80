#include "driver/driver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "tests/driver/hand_clock.h"
#include "tests/driver/jobs/lineage.h"
#include "tests/driver/played_executors.h"

namespace millstream::driver {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr milliseconds kLong{20'000};

DriverOptions Options(int executors = 1) {
  DriverOptions options;
  options.executors = executors;
  options.build_id = "build";
  return options;
}

JobRequest CollectOf(const std::shared_ptr<plan::Node>& root) {
  JobRequest request{.root = root, .partitions = {}, .operation = "Collect"};
  for (int p = 0; p < root->partitions; ++p) request.partitions.push_back(p);
  return request;
}

std::string TextOf(const absl::StatusOr<JobResult>& result) {
  if (!result.ok()) return std::string(result.status().message());
  std::string text;
  for (const exec::Slices& slices : result->partitions) {
    for (const exec::Bytes& slice : slices) text += std::string(slice.view) + " ";
  }
  return text;
}

TEST(Driver, RunsATwoStageJobAndReturnsItsRowsInOrder) {
  PlayedExecutors executors;
  Driver driver(Options(), executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  EXPECT_EQ(TextOf(driver.RunJob(CollectOf(ReduceByKey(Range(3), 2)))), "0:0 0:1 ");
}

TEST(Driver, JobsOfSeveralThreadsRunSideBySide) {
  PlayedExecutors executors;
  Driver driver(Options(2), executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) good += driver.RunJob(CollectOf(ReduceByKey(Range(4), 3))).ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 200);
}

TEST(Driver, AFailingTaskIsRetriedAndThenNamedInTheError) {
  PlayedExecutors executors;
  std::atomic<int> tries{0};
  executors.play = [&](ExecutorId, const proto::Launch&, proto::TaskStatus& status) {
    ++tries;
    status.mutable_failure()->set_operation("Map");
    status.mutable_failure()->set_type("std::out_of_range");
    status.mutable_failure()->set_message("at");
    return true;
  };
  Driver driver(Options(), executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  EXPECT_EQ(TextOf(driver.RunJob(CollectOf(Map(Range(1))))),
            "Task 0 of Map failed 4 times; last: std::out_of_range: at");
  EXPECT_EQ(tries, 4);
}

TEST(Driver, ADifferentBuildIsRefusedNamingBoth) {
  PlayedExecutors executors;
  executors.build_id = "\x0f\xf0";
  Driver driver(Options(), executors.endpoint, executors, executors.blocks);
  const absl::Status status = driver.Start(kLong);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("0ff0"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("6275696c64"));
  EXPECT_TRUE(executors.AwaitKill(ExecutorId{0}));
}

TEST(Driver, StartGivesUpOnExecutorsThatSayNothing) {
  PlayedExecutors executors;
  executors.silent = true;
  Driver driver(Options(2), executors.endpoint, executors, executors.blocks);
  EXPECT_EQ(driver.Start(milliseconds(20)).message(), "0 of 2 executors started in 20 ms");
}

TEST(Driver, ExecutorsThatKeepDyingBeforeTheyStartEndTheStart) {
  PlayedExecutors executors;
  executors.silent = true;
  Driver driver(Options(), executors.endpoint, executors, executors.blocks);
  auto started = std::async(std::launch::async, [&] { return driver.Start(kLong); });
  for (uint32_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(executors.AwaitLaunch(ExecutorId{i}));
    driver.OnExecutorExited(ExecutorId{i}, "exited with code 1");
  }
  EXPECT_THAT(std::string(started.get().message()), HasSubstr("executors end before they start"));
}

TEST(Driver, ALostExecutorsTasksRunOnItsReplacement) {
  PlayedExecutors executors;
  std::promise<void> hangs;
  executors.play = [&](ExecutorId executor, const proto::Launch&, proto::TaskStatus&) {
    if (executor != ExecutorId{0}) return true;
    hangs.set_value();
    return false;
  };
  Driver driver(Options(), executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  auto result = std::async(std::launch::async, [&] { return TextOf(driver.RunJob(CollectOf(Range(1)))); });
  hangs.get_future().wait();
  driver.OnExecutorExited(ExecutorId{0}, "was killed by signal 9 (SIGKILL)");
  EXPECT_EQ(result.get(), "1:0 ");
}

TEST(Driver, ASilentExecutorIsLostAfterTheNetworkTimeout) {
  PlayedExecutors executors;
  executors.play = [&](ExecutorId executor, const proto::Launch&, proto::TaskStatus&) {
    return executor != ExecutorId{0};
  };
  DriverOptions options = Options();
  options.network_timeout = milliseconds(100);
  Driver driver(options, executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  EXPECT_THAT(TextOf(driver.RunJob(CollectOf(Range(1)))), HasSubstr(":0 "));
  EXPECT_TRUE(executors.AwaitKill(ExecutorId{0}));
}

TEST(Driver, StoredResultsAreFetchedAndThenDropped) {
  class OneBlock : public rpc::BlockSource {
   public:
    absl::StatusOr<exec::Slices> Get(const plan::BlockId&) override {
      return exec::Slices{exec::OwnBytes("much"), exec::OwnBytes("more")};
    }
    absl::Status Put(const plan::BlockId&, exec::Slices) override { return absl::OkStatus(); }
  } kept;
  PlayedExecutors executors;
  executors.play = [](ExecutorId, const proto::Launch&, proto::TaskStatus& status) {
    status.clear_result();
    status.set_result_stored(true);
    return true;
  };
  executors.blocks.Register(ExecutorId{0}, kept);
  DriverOptions options = Options();
  options.max_result_bytes = 16;
  Driver driver(options, executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  EXPECT_EQ(TextOf(driver.RunJob(CollectOf(Range(2)))), "much more much more ");
  EXPECT_THAT(
      executors.AwaitCommand([](const auto& command) { return command.drop().stage_runs_size() == 1; }),
      ::testing::Optional(ExecutorId{0}));
  EXPECT_EQ(driver.RunJob(CollectOf(Range(3))).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(Driver, ShufflesAreDroppedWhenTheirNodeEnds) {
  PlayedExecutors executors;
  Driver driver(Options(), executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  auto node = ReduceByKey(Range(1), 1);
  const uint64_t id = node->id;
  ASSERT_TRUE(driver.RunJob(CollectOf(node)).ok());
  node.reset();
  EXPECT_TRUE(executors.AwaitCommand([&](const auto& command) {
    return command.drop().shuffles_size() == 1 && command.drop().shuffles(0) == id;
  }));
}

TEST(Driver, NodesMayOutliveTheDriver) {
  PlayedExecutors executors;
  const auto node = ReduceByKey(Range(1), 1);
  {
    Driver driver(Options(), executors.endpoint, executors, executors.blocks);
    ASSERT_TRUE(driver.Start(kLong).ok());
    ASSERT_TRUE(driver.RunJob(CollectOf(node)).ok());
  }
  EXPECT_NE(node->resources, nullptr);
}

TEST(Driver, CollectionsAreServedWhileAJobNeedsThem) {
  PlayedExecutors executors;
  Driver* serving = nullptr;
  std::string seen;
  executors.play = [&](ExecutorId, const proto::Launch& launch, proto::TaskStatus&) {
    const auto& block = launch.inputs(0).blocks().partitions(0).blocks(0);
    EXPECT_EQ(block.peers(0), Number(kDriverPeer));
    const auto slices =
        serving->collections().Get({plan::BlockId::Kind::kCollection, block.id().a(), block.id().b(), 0});
    if (slices.ok()) seen = std::string(slices->at(0).view);
    return true;
  };
  Driver driver(Options(), executors.endpoint, executors, executors.blocks);
  serving = &driver;
  ASSERT_TRUE(driver.Start(kLong).ok());
  const auto node = NewNode(plan::NodeKind::kBlocks, "Parallelize", 1);
  node->collection = {{exec::OwnBytes("rows")}};
  ASSERT_TRUE(driver.RunJob(CollectOf(node)).ok());
  EXPECT_EQ(seen, "rows");
  EXPECT_FALSE(driver.collections().Get({plan::BlockId::Kind::kCollection, node->id, 0, 0}).ok());
}

TEST(Driver, StopCancelsJobsThatRun) {
  PlayedExecutors executors;
  std::promise<void> launched;
  executors.play = [&](ExecutorId, const proto::Launch&, proto::TaskStatus&) {
    launched.set_value();
    return false;
  };
  Driver driver(Options(), executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  auto result = std::async(std::launch::async, [&] { return driver.RunJob(CollectOf(Range(1))).status(); });
  launched.get_future().wait();
  driver.Stop();
  EXPECT_EQ(result.get().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(driver.RunJob(CollectOf(Range(1))).status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(executors.AwaitCommand([](const auto& command) { return command.has_shutdown(); }));
}

// Batches.

struct Batches {
  std::mutex mutex;
  std::condition_variable ran;
  std::vector<plan::BatchRecord> records;

  absl::Status Run(const plan::BatchRecord& batch) {
    std::lock_guard lock(mutex);
    records.push_back(batch);
    ran.notify_all();
    return absl::OkStatus();
  }
  bool Await(size_t count) {
    std::unique_lock lock(mutex);
    return ran.wait_for(lock, kLong, [&] { return records.size() >= count; });
  }
};

StreamingRequest Streaming(Clock& clock, std::function<absl::Status(const plan::BatchRecord&)> run) {
  StreamingRequest request;
  request.interval = milliseconds(1000);
  request.clock = &clock;
  request.run_batch = std::move(run);
  return request;
}

TEST(DriverStreaming, RunsABatchPerTickOnAManualClock) {
  PlayedExecutors executors;
  HandClock clock(500);
  Batches batches;
  Driver driver(Options(), executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  ASSERT_TRUE(driver
                  .StartStreaming(Streaming(clock,
                                            [&](const auto& batch) {
                                              EXPECT_TRUE(
                                                  driver.RunJob(CollectOf(ReduceByKey(Range(2), 2))).ok());
                                              return batches.Run(batch);
                                            }))
                  .ok());
  clock.MoveTo(3100);
  EXPECT_TRUE(batches.Await(3));
  EXPECT_TRUE(driver.StopStreaming(true).ok());
  EXPECT_TRUE(driver.StopStreaming(true).ok());
  EXPECT_EQ(driver.AwaitStreaming(std::nullopt), absl::OkStatus());
  ASSERT_EQ(batches.records.size(), 3u);
  EXPECT_EQ(batches.records[2].time_ms, 3000);
  EXPECT_EQ(batches.records[2].id, BatchId{2});
}

TEST(DriverStreaming, RunsBatchesOnTheSystemClock) {
  PlayedExecutors executors;
  Batches batches;
  Driver driver(Options(), executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  StreamingRequest request = Streaming(SystemClock(), [&](const auto& batch) { return batches.Run(batch); });
  request.interval = milliseconds(10);
  ASSERT_TRUE(driver.StartStreaming(request).ok());
  EXPECT_TRUE(batches.Await(5));
  EXPECT_EQ(driver.AwaitStreaming(milliseconds(0)), std::nullopt);
  EXPECT_TRUE(driver.StopStreaming(false).ok());
  EXPECT_EQ(batches.records[1].time_ms - batches.records[0].time_ms, 10);
  EXPECT_EQ(batches.records[0].time_ms % 10, 0);
}

TEST(DriverStreaming, AFailingBatchEndsTheStreamingWithItsError) {
  PlayedExecutors executors;
  HandClock clock(0);
  Driver driver(Options(), executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  ASSERT_TRUE(
      driver.StartStreaming(Streaming(clock, [](const auto&) { return absl::AbortedError("no"); })).ok());
  clock.MoveTo(1000);
  const auto result = driver.AwaitStreaming(kLong);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->message(), "batch 0 (time 1000 ms): no");
}

TEST(DriverStreaming, AFunctionThatThrowsFailsItsBatch) {
  PlayedExecutors executors;
  HandClock clock(0);
  Driver driver(Options(), executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  ASSERT_TRUE(driver.StartStreaming(Streaming(clock, [](const auto&) -> absl::Status { throw 42; })).ok());
  clock.MoveTo(1000);
  EXPECT_THAT(std::string(driver.AwaitStreaming(kLong)->message()), HasSubstr("threw"));
}

TEST(DriverStreaming, TooFewCoresForTheReceiversAreRefusedWithTheNumberNeeded) {
  PlayedExecutors executors;
  HandClock clock(0);
  Driver driver(Options(), executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  StreamingRequest request = Streaming(clock, [](const auto&) { return absl::OkStatus(); });
  request.receivers.resize(1);
  const absl::Status status = driver.StartStreaming(request);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("it needs 2 cores"));
}

TEST(DriverStreaming, AnImmediateStopCancelsTheBatchThatRuns) {
  PlayedExecutors executors;
  std::promise<void> launched;
  executors.play = [&](ExecutorId, const proto::Launch&, proto::TaskStatus&) {
    launched.set_value();
    return false;
  };
  HandClock clock(0);
  Driver driver(Options(), executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  ASSERT_TRUE(driver
                  .StartStreaming(Streaming(clock,
                                            [&](const plan::BatchRecord& batch) {
                                              JobRequest request = CollectOf(Range(1));
                                              request.batch_time_ms = batch.time_ms;
                                              return driver.RunJob(request).status();
                                            }))
                  .ok());
  clock.MoveTo(1000);
  launched.get_future().wait();
  EXPECT_TRUE(driver.StopStreaming(false).ok());
}

TEST(DriverStreaming, AStopFromWithinABatchDoesNotWaitForItself) {
  PlayedExecutors executors;
  HandClock clock(0);
  Driver driver(Options(), executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  ASSERT_TRUE(
      driver.StartStreaming(Streaming(clock, [&](const auto&) { return driver.StopStreaming(true); })).ok());
  clock.MoveTo(1000);
  EXPECT_EQ(driver.AwaitStreaming(kLong), absl::OkStatus());
}

TEST(DriverStreaming, AReceiverIsStartedAndItsBlocksReachTheNextBatch) {
  PlayedExecutors executors;
  executors.cores = 2;
  DriverOptions options = Options();
  options.cores_per_executor = 2;
  HandClock clock(0);
  Batches batches;
  Driver driver(options, executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  StreamingRequest request = Streaming(clock, [&](const auto& batch) { return batches.Run(batch); });
  request.receivers.push_back(
      {StreamId{0}, "socket_text", "state", "SocketTextStream h:1", StorageLevel::kMemoryOnly});
  ASSERT_TRUE(driver.StartStreaming(request).ok());
  ASSERT_TRUE(executors.AwaitCommand(
      [](const auto& command) { return command.start_receiver().receiver().state() == "state"; }));
  proto::FromExecutor report;
  proto::ReceivedBlock& block = *report.add_blocks();
  block.set_epoch(1);
  block.mutable_block()->mutable_id()->set_kind(1);
  block.mutable_block()->set_bytes(10);
  block.mutable_block()->add_peers(0);
  executors.Send(ExecutorId{0}, report);
  // The final batch of a graceful stop takes what has come in, whatever the clock says.
  EXPECT_TRUE(driver.StopStreaming(true).ok());
  ASSERT_EQ(batches.records.size(), 1u);
  EXPECT_EQ(batches.records[0].inputs.at(0).blocks.size(), 1u);
  EXPECT_TRUE(executors.AwaitCommand([](const auto& command) { return command.drop().blocks_size() == 1; }));
}

}  // namespace
}  // namespace millstream::driver
