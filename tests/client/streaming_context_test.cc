// The life of a StreamingContext and what it refuses.
#include <millstream/testing.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/client/context_test.h"

namespace millstream {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ManualClock;
using Numbers = std::vector<int64_t>;

// A stream of empty batches, for programs whose batches only need to happen.
DStream<int64_t> Ticks(StreamingContext& ssc) { return ssc.QueueStream(BatchQueue<int64_t>()); }
void Ignore(const RDD<int64_t>&) {}

// Counts batches and lets the test wait for them.
class BatchCount {
 public:
  void Add() {
    std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  bool Await(uint64_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 60s, [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t count_ = 0;
};

class StreamingContexts : public ::testing::Test {
 protected:
  ManualClock clock_;
  Context sc_{TestConfig()};
};

TEST_F(StreamingContexts, GoesFromInitializedOverActiveToStopped) {
  StreamingContext ssc(sc_, 1s, clock_);
  EXPECT_EQ(ssc.State(), StreamingContextState::kInitialized);
  Ticks(ssc).ForEachRdd(Ignore);
  ASSERT_TRUE(ssc.Start().ok());
  EXPECT_EQ(ssc.State(), StreamingContextState::kActive);
  EXPECT_EQ(ssc.AwaitTerminationOrTimeout(1ms).value(), false);
  EXPECT_TRUE(ssc.Stop({.stop_context = false}).ok());
  EXPECT_EQ(ssc.State(), StreamingContextState::kStopped);
  EXPECT_TRUE(ssc.AwaitTermination().ok());
  EXPECT_EQ(ssc.AwaitTerminationOrTimeout(1ms).value(), true);
  EXPECT_TRUE(ssc.Stop({.stop_context = false}).ok());
  EXPECT_EQ(sc_.Range(0, 2).Count().value(), 2);
}

TEST_F(StreamingContexts, WhoWaitsBeforeTheStartWaitsForTheEnd) {
  StreamingContext ssc(sc_, 1s, clock_);
  Ticks(ssc).ForEachRdd(Ignore);
  EXPECT_EQ(ssc.AwaitTerminationOrTimeout(1ms).value(), false);
  std::thread waiter([&ssc] { EXPECT_TRUE(ssc.AwaitTermination().ok()); });
  ASSERT_TRUE(ssc.Start().ok());
  EXPECT_TRUE(ssc.Stop().ok());
  waiter.join();
}

TEST_F(StreamingContexts, StopStopsTheContextUnlessToldOtherwise) {
  StreamingContext ssc(sc_, 1s, clock_);
  Ticks(ssc).ForEachRdd(Ignore);
  ASSERT_TRUE(ssc.Start().ok());
  EXPECT_TRUE(ssc.Stop().ok());
  EXPECT_EQ(sc_.Range(0, 2).Count().status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(StreamingContexts, ASecondStartIsRefusedAndChangesNothing) {
  StreamingContext ssc(sc_, 1s, clock_);
  BatchCount batches;
  Ticks(ssc).ForEachRdd([&batches](const RDD<int64_t>&) { batches.Add(); });
  ASSERT_TRUE(ssc.Start().ok());
  const absl::Status again = ssc.Start();
  EXPECT_EQ(again.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(TextOf(again), HasSubstr("already been started"));
  EXPECT_EQ(ssc.State(), StreamingContextState::kActive);
  clock_.AdvanceBy(1s);
  EXPECT_TRUE(batches.Await(1));
}

TEST_F(StreamingContexts, AStoppedOneDoesNotStartAgain) {
  StreamingContext ssc(sc_, 1s, clock_);
  Ticks(ssc).ForEachRdd(Ignore);
  EXPECT_TRUE(ssc.Stop({.stop_context = false}).ok());
  const absl::Status start = ssc.Start();
  EXPECT_EQ(start.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(TextOf(start), HasSubstr("already been stopped"));
}

TEST_F(StreamingContexts, OneIsActiveAtATimeAndTheNextMayStartAfterIt) {
  StreamingContext first(sc_, 1s, clock_), second(sc_, 1s, clock_);
  Ticks(first).ForEachRdd(Ignore);
  Ticks(second).ForEachRdd(Ignore);
  ASSERT_TRUE(first.Start().ok());
  const absl::Status refused = second.Start();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(TextOf(refused), HasSubstr("Only one StreamingContext"));
  EXPECT_TRUE(first.Stop({.stop_context = false}).ok());
  EXPECT_TRUE(second.Start().ok());
  EXPECT_TRUE(second.Stop({.stop_context = false}).ok());
}

TEST_F(StreamingContexts, WithoutAnOutputThereIsNothingToStart) {
  StreamingContext ssc(sc_, 1s, clock_);
  Ticks(ssc).Count();
  const absl::Status start = ssc.Start();
  EXPECT_EQ(start.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(TextOf(start), HasSubstr("No output operations registered"));
  EXPECT_EQ(ssc.State(), StreamingContextState::kStopped);
}

TEST_F(StreamingContexts, StartReturnsTheFirstMistakeOfBuildingWithItsPlace) {
  StreamingContext ssc(sc_, 1s, clock_);
  const auto ticks = Ticks(ssc).Repartition(-1);
  ticks.Repartition(0).ForEachRdd(Ignore);
  const absl::Status start = ssc.Start();
  EXPECT_EQ(start.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(TextOf(start), HasSubstr("Number of partitions must be positive"));
  EXPECT_THAT(TextOf(start), HasSubstr("streaming_context_test.cc:" + std::to_string(__LINE__ - 5)));
}

TEST_F(StreamingContexts, BadPortsHostsAndIntervalsAreNamed) {
  for (const int port : {0, -1, 65536}) {
    StreamingContext ssc(sc_, 1s, clock_);
    ssc.SocketTextStream("localhost", port).Print();
    EXPECT_THAT(TextOf(ssc.Start()), HasSubstr("localhost:" + std::to_string(port)));
  }
  StreamingContext nowhere(sc_, 1s, clock_);
  nowhere.SocketTextStream("", 9999).Print();
  EXPECT_THAT(TextOf(nowhere.Start()), HasSubstr("no host given"));
  StreamingContext never(sc_, 0ms, clock_);
  Ticks(never).ForEachRdd(Ignore);
  EXPECT_THAT(TextOf(never.Start()), HasSubstr("at least 1 ms"));
}

TEST_F(StreamingContexts, UnionsOfNothingAndOfStrangersAreRefused) {
  StreamingContext ssc(sc_, 1s, clock_), other(sc_, 1s, clock_);
  ssc.Union({Ticks(ssc), Ticks(other)}).ForEachRdd(Ignore);
  EXPECT_THAT(TextOf(ssc.Start()), HasSubstr("different contexts"));
  other.Union(std::vector<DStream<int64_t>>{}).ForEachRdd(Ignore);
  EXPECT_THAT(TextOf(other.Start()), HasSubstr("no streams given"));
}

TEST_F(StreamingContexts, WhatIsBuiltAfterStartIsInertAndStopSaysSo) {
  StreamingContext ssc(sc_, 1s, clock_);
  BatchCount batches;
  std::atomic<int> late{0};
  const auto ticks = Ticks(ssc);
  ticks.ForEachRdd([&batches](const RDD<int64_t>&) { batches.Add(); });
  ASSERT_TRUE(ssc.Start().ok());
  ticks.Map([](int64_t tick) { return tick; }).ForEachRdd([&late](const RDD<int64_t>&) { ++late; });
  ticks.Persist();
  clock_.AdvanceBy(2s);
  EXPECT_TRUE(batches.Await(2));
  const absl::Status stop = ssc.Stop();
  EXPECT_EQ(stop.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(TextOf(stop), HasSubstr("after starting a context is not supported"));
  EXPECT_THAT(TextOf(stop), HasSubstr("streaming_context_test.cc:" + std::to_string(__LINE__ - 7)));
  EXPECT_EQ(late, 0);
}

TEST_F(StreamingContexts, StopInsideABatchIsRefused) {
  StreamingContext ssc(sc_, 1s, clock_);
  BatchCount batches;
  absl::Status inside;
  absl::StatusOr<int64_t> counted;
  Ticks(ssc).ForEachRdd([&](const RDD<int64_t>&) {
    inside = ssc.Stop();
    sc_.Stop();
    counted = sc_.Range(0, 3).Count();
    batches.Add();
  });
  ASSERT_TRUE(ssc.Start().ok());
  clock_.AdvanceBy(1s);
  ASSERT_TRUE(batches.Await(1));
  EXPECT_TRUE(ssc.Stop().ok());
  EXPECT_EQ(inside.code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_EQ(*counted, 3);
}

TEST_F(StreamingContexts, BatchIdsAreDenseAndTimesAreMultiplesOfTheInterval) {
  clock_.AdvanceTo(1'234'567);
  StreamingContext ssc(sc_, 200ms, clock_);
  BatchCount batches;
  std::vector<Batch> seen;
  Ticks(ssc).ForEachRdd([&](const RDD<int64_t>&, const Batch& batch) {
    seen.push_back(batch);
    batches.Add();
  });
  ASSERT_TRUE(ssc.Start().ok());
  clock_.AdvanceBy(100ms);
  clock_.AdvanceBy(700ms);  // a late clock fires every missed tick
  ASSERT_TRUE(batches.Await(4));
  EXPECT_TRUE(ssc.Stop().ok());
  ASSERT_EQ(seen.size(), 4u);
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].id, i);
    EXPECT_EQ(seen[i].time, 1'234'600 + static_cast<int64_t>(i) * 200);
    EXPECT_EQ(seen[i].attempt, 0);
  }
}

TEST_F(StreamingContexts, OutputsRunInTheOrderOfRegistration) {
  StreamingContext ssc(sc_, 1s, clock_);
  BatchCount batches;
  std::vector<std::string> order;
  const auto ticks = Ticks(ssc);
  for (const char* name : {"first", "second", "third"}) {
    ticks.ForEachRdd([&order, name](const RDD<int64_t>& rdd, const Batch& batch) {
      rdd.Count().status().IgnoreError();
      order.push_back(name + std::to_string(batch.id));
    });
  }
  ticks.ForEachRdd([&batches](const RDD<int64_t>&) { batches.Add(); });
  ASSERT_TRUE(ssc.Start().ok());
  clock_.AdvanceBy(2s);
  ASSERT_TRUE(batches.Await(2));
  EXPECT_TRUE(ssc.Stop().ok());
  EXPECT_THAT(order, ElementsAre("first0", "second0", "third0", "first1", "second1", "third1"));
}

TEST_F(StreamingContexts, AStatusThatAnOutputReturnsDecidesTheBatch) {
  StreamingContext ssc(sc_, 1s, clock_);
  Ticks(ssc).ForEachRdd([](const RDD<int64_t>&, const Batch& batch) {
    return batch.id < 2 ? absl::OkStatus() : absl::DataLossError("the sink lost its mind");
  });
  ASSERT_TRUE(ssc.Start().ok());
  clock_.AdvanceBy(5s);
  const absl::Status outcome = ssc.AwaitTermination();
  EXPECT_EQ(outcome.code(), absl::StatusCode::kDataLoss) << outcome;
  EXPECT_THAT(TextOf(outcome), HasSubstr("batch 2"));
  EXPECT_THAT(TextOf(outcome), HasSubstr("ForEachRdd"));
  EXPECT_THAT(TextOf(outcome), HasSubstr("the sink lost its mind"));
  EXPECT_EQ(ssc.AwaitTerminationOrTimeout(1ms).status(), outcome);
}

TEST_F(StreamingContexts, AnExceptionOfAnOutputFailsTheBatchAndTheLaterOutputsDoNotRun) {
  StreamingContext ssc(sc_, 1s, clock_);
  std::atomic<int> later{0};
  Ticks(ssc).ForEachRdd([](const RDD<int64_t>&) { throw std::runtime_error("no database"); });
  Ticks(ssc).ForEachRdd([&later](const RDD<int64_t>&) { ++later; });
  ASSERT_TRUE(ssc.Start().ok());
  clock_.AdvanceBy(3s);
  const std::string text = TextOf(ssc.AwaitTermination());
  EXPECT_THAT(text, HasSubstr("batch 0"));
  EXPECT_THAT(text, HasSubstr("std::runtime_error: no database"));
  EXPECT_TRUE(ssc.Stop().ok());
  EXPECT_EQ(later, 0);
}

TEST_F(StreamingContexts, PrintFramesEachBatchToTheByte) {
  StreamingContext ssc(sc_, 1s, clock_);
  BatchCount batches;
  BatchQueue<std::pair<std::string, int64_t>> queue;
  queue.Push({{"a", 1}, {"b", 2}, {"c", 3}});
  queue.Push({{"a", 1}, {"b", 2}});
  const auto pairs = ssc.QueueStream(queue, {.num_partitions = 2});
  pairs.Print(2);
  pairs.ForEachRdd([&batches](const auto&) { batches.Add(); });
  ::testing::internal::CaptureStdout();
  EXPECT_TRUE(ssc.Start().ok());
  clock_.AdvanceTo(3000);
  EXPECT_TRUE(batches.Await(3));
  EXPECT_TRUE(ssc.Stop().ok());
  const std::string rule(43, '-');
  const auto head = [&rule](int time) {
    return rule + "\nTime: " + std::to_string(time) + " ms\n" + rule + "\n";
  };
  EXPECT_EQ(::testing::internal::GetCapturedStdout(),
            head(1000) + "(a,1)\n(b,2)\n...\n\n" + head(2000) + "(a,1)\n(b,2)\n\n" + head(3000) + "\n");
}

TEST_F(StreamingContexts, TenThousandEmptyBatchesRun) {
  StreamingContext ssc(sc_, 1ms, clock_);
  BatchCount batches;
  uint64_t next = 0;
  bool dense = true;
  Ticks(ssc).ForEachRdd([&](const RDD<int64_t>&, const Batch& batch) {
    dense = dense && batch.id == next++;
    batches.Add();
  });
  ASSERT_TRUE(ssc.Start().ok());
  for (int i = 0; i < 100; ++i) clock_.AdvanceBy(100ms);
  ASSERT_TRUE(batches.Await(10'000));
  EXPECT_TRUE(ssc.Stop().ok());
  EXPECT_TRUE(dense);
}

TEST_F(StreamingContexts, AGracefulStopReturnsOk) {
  StreamingContext ssc(sc_, 1s, clock_);
  Ticks(ssc).ForEachRdd(Ignore);
  ASSERT_TRUE(ssc.Start().ok());
  std::thread stopper([&ssc] { EXPECT_TRUE(ssc.Stop({.stop_context = true, .graceful = true}).ok()); });
  EXPECT_TRUE(ssc.AwaitTermination().ok());
  stopper.join();
}

TEST(StreamingContextLife, ABadMasterIsReturnedByStart) {
  ManualClock clock;
  StreamingContext ssc(Config().SetMaster("local[0]").SetAppName("bad"), 1s, clock);
  Ticks(ssc).ForEachRdd(Ignore);
  EXPECT_THAT(TextOf(ssc.Start()), HasSubstr("local[0]"));
}

TEST(StreamingContextLife, AReceiverWithoutACoreForTasksIsRefusedSayingHowMany) {
  StreamingContext ssc(Config().SetMaster("local[1]").SetAppName("small"), 1s);
  ssc.SocketTextStream("localhost", 9999).Print();
  const absl::Status start = ssc.Start();
  EXPECT_EQ(start.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(TextOf(start), HasSubstr("2"));
}

TEST(StreamingContextLife, OneThatIsDroppedWhileActiveStopsByItself) {
  ManualClock clock;
  for (int i = 0; i < 3; ++i) {
    StreamingContext ssc(TestConfig(), 1s, clock);
    Ticks(ssc).ForEachRdd(Ignore);
    ASSERT_TRUE(ssc.Start().ok());
    clock.AdvanceBy(1s);
  }
}

TEST(ConfigTest, AnApplicationThatNobodyNamesIsCalledAsItsExecutableIs) {
  EXPECT_EQ(Config().Get("millstream.app.name"), "client_tests");
  EXPECT_EQ(Config().SetAppName("Words").Get("millstream.app.name"), "Words");
}

}  // namespace
}  // namespace millstream
