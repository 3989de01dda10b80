// Batches and receivers on a driver and executors in one process, on a manual clock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <millstream/streaming.h>
#include <millstream/testing.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "common/plan/block_messages.h"
#include "tests/support/event.h"
#include "tests/support/mini_cluster.h"
#include "tests/support/streaming_fixture.h"
#include "tests/support/text_server.h"
#include "tests/support/words.h"

namespace millstream::test {
namespace {

using ::testing::HasSubstr;

constexpr ExecutorId kZero{0};
constexpr ExecutorId kOne{1};

class StreamingTest : public StreamingFixture {
 protected:
  // Cluster and context, on which the test builds its streams.
  void Build(const MiniClusterOptions& options = {}) {
    MakeCluster(options);
    cluster_->OnMessageTo([this](ExecutorId id, proto::ToExecutor message) {
      for (const auto& command : message.commands()) {
        if (command.has_start_receiver()) SeeReceiver(id);
        if (command.start_receiver().replica_peers_size() + command.receiver_peers().replica_peers_size() >
            0) {
          peers_known_.Add();
        }
      }
      return std::vector{std::move(message)};
    });
    if (see_from_) cluster_->OnMessageFrom(see_from_);
    StartCluster();
  }

  void CountWords(const DStream<std::string_view>& lines) {
    lines.FlatMap(SplitWords{})
        .Map([](std::string_view word) { return std::pair(word, int64_t{1}); })
        .ReduceByKey(std::plus<>())
        .ForEachRdd([this](const RDD<std::pair<std::string_view, int64_t>>& rdd) -> absl::Status {
          const auto counts = rdd.CollectAsMap();
          if (!counts.ok()) return counts.status();
          {
            std::lock_guard lock(mutex_);
            for (const auto& [word, count] : *counts) counts_[word] += count;
          }
          batches_.Add();
          return absl::OkStatus();
        });
  }

  // Until the driver has what executors sent before: each of them now says more, and waits its turn.
  void AwaitDriver() {
    const auto count = context_->Range(0, 120, 1, 12).Count();
    ASSERT_TRUE(count.ok()) << count.status();
  }
  Counts counts() {
    std::lock_guard lock(mutex_);
    return counts_;
  }

  void SeeReceiver(ExecutorId executor) {
    {
      std::lock_guard lock(mutex_);
      receivers_.push_back(executor);
    }
    receiver_starts_.Add();
  }
  ExecutorId last_receiver() {
    std::lock_guard lock(mutex_);
    return receivers_.back();
  }

  // Lines of reported blocks, counted as they are reported.
  void SeeReports() {
    see_from_ = [this](ExecutorId id, proto::FromExecutor message) {
      for (const auto& report : message.blocks()) SeeBlock(id, report.block());
      return std::vector{std::move(message)};
    };
  }
  void SeeBlock(ExecutorId reporter, const proto::BlockLocation& block) {
    std::vector<uint32_t> keepers(block.peers().begin(), block.peers().end());
    fewest_copies_ = std::min(fewest_copies_.load(), keepers.size());
    for (const uint32_t keeper : keepers) {
      const auto slices = cluster_->blocks_of(ExecutorId{keeper}).Get(plan::FromProto(block.id()));
      if (!slices.ok()) {
        ++missing_copies_;
      } else if (ExecutorId{keeper} == reporter) {
        int64_t lines = 0;
        for (const exec::Bytes& slice : *slices)
          lines += std::count(slice.view.begin(), slice.view.end(), '\n');
        reported_lines_.Add(lines);
      }
    }
  }

  MiniCluster::OnToDriver see_from_;
  Event receiver_starts_;
  Event peers_known_;  // of a receiver that runs, or starts
  Event reported_lines_;
  Event copied_;
  std::atomic<uint32_t> copied_by_ = 99;  // the latest to report a copy
  std::atomic<int> blocks_ = 0;           // reported
  std::atomic<size_t> fewest_copies_ = 99;
  std::atomic<int> missing_copies_ = 0;
  std::mutex mutex_;  // protects what follows
  Counts counts_;
  std::vector<ExecutorId> receivers_;
};

std::vector<std::string> Numbered(const std::string& prefix, int count) {
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) lines.push_back(prefix + std::to_string(i) + " same");
  return lines;
}

TEST_F(StreamingTest, AnEmptyTwoStageBatchTakesAtMostOneKibibytePerExecutor) {
  std::vector<std::array<uint64_t, 2>> bytes;
  Build();
  const BatchQueue<std::string> queue;
  constexpr int kBatches = 20;
  for (int i = 0; i < kBatches; ++i) queue.Push(std::vector<std::string>{});
  ssc_->QueueStream(queue)
      .FlatMap(SplitWords{})
      .Map([](std::string_view word) { return std::pair(word, int64_t{1}); })
      .ReduceByKey(std::plus<>())
      .ForEachRdd([&](const RDD<std::pair<std::string_view, int64_t>>& rdd) -> absl::Status {
        bytes.push_back({cluster_->bytes_to(kZero), cluster_->bytes_to(kOne)});
        const auto rows = rdd.Collect();
        batches_.Add();
        return rows.status();
      });
  StartStreaming();
  for (int i = 0; i < kBatches; ++i) RunBatch();
  ASSERT_TRUE(StopGracefully().ok());
  uint64_t most = 0;
  for (size_t i = 2; i < bytes.size(); ++i) {
    for (const size_t executor : {0, 1}) most = std::max(most, bytes[i][executor] - bytes[i - 1][executor]);
  }
  EXPECT_GT(most, 0u);
  EXPECT_LE(most, 1024u);
  RecordProperty("bytes", static_cast<int>(most));
}

TEST_F(StreamingTest, TenThousandEmptyBatchesRunInOrder) {
  Build();
  const BatchQueue<int64_t> queue;
  std::vector<uint64_t> ids;
  ssc_->QueueStream(queue).ForEachRdd([&](const RDD<int64_t>&, const Batch& batch) {
    ids.push_back(batch.id);
    batches_.Add();
  });
  StartStreaming();
  clock_.AdvanceBy(10'000 * kInterval);
  ASSERT_TRUE(batches_.Await(10'000));
  ASSERT_TRUE(StopGracefully().ok());
  ASSERT_EQ(ids.size(), 10'000u);
  for (size_t i = 0; i < ids.size(); ++i) ASSERT_EQ(ids[i], i);
}

TEST_F(StreamingTest, AThrowingFunctionFailsTheBatchByNumberOperationTypeAndText) {
  Build();
  const BatchQueue<int64_t> queue;
  queue.Push(std::vector<int64_t>{1, 2, 3});
  ssc_->QueueStream(queue)
      .Map([](int64_t n) {
        if (n == 3) throw std::out_of_range("three is too much");
        return n;
      })
      .ForEachRdd([](const RDD<int64_t>& rdd) { return rdd.Collect().status(); });
  StartStreaming();
  clock_.AdvanceBy(kInterval);
  const absl::Status status = ssc_->AwaitTermination();
  ASSERT_FALSE(status.ok());
  for (const char* part : {"batch 0", "time 1000 ms", "Map", "std::out_of_range: three is too much"}) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(part));
  }
}

TEST_F(StreamingTest, ReceivedBlocksAreOnTwoExecutorsBeforeTheyAreReported) {
  SeeReports();
  Build();
  TextServer server;
  CountWords(ssc_->SocketTextStream("127.0.0.1", server.port()));
  StartStreaming();
  const std::vector<std::string> lines = SomeLines(2000);
  ASSERT_TRUE(server.Send(Joined(lines)));
  ASSERT_TRUE(reported_lines_.Await(2000));
  ASSERT_TRUE(StopGracefully().ok());
  EXPECT_EQ(counts(), CountedWords(lines));
  EXPECT_EQ(fewest_copies_, 2u);
  EXPECT_EQ(missing_copies_, 0);
}

TEST_F(StreamingTest, AGracefulStopProcessesAllReportedBlocks) {
  SeeReports();
  Build();
  TextServer server;
  CountWords(ssc_->SocketTextStream("127.0.0.1", server.port()));
  StartStreaming();
  const std::vector<std::string> lines = SomeLines(500);
  for (int round = 1; round <= 3; ++round) {
    ASSERT_TRUE(server.Send(Joined(lines)));
    ASSERT_TRUE(reported_lines_.Await(500 * round));
    if (round == 1) RunBatch();
  }
  ASSERT_TRUE(StopGracefully().ok());
  Counts expected = CountedWords(lines);
  for (auto& [word, count] : expected) count *= 3;
  EXPECT_EQ(counts(), expected);
}

TEST_F(StreamingTest, AReceiverMovesWhenItsExecutorIsLostAndNoReportedBlockIsMissing) {
  SeeReports();
  Build();
  TextServer server;
  CountWords(ssc_->SocketTextStream("127.0.0.1", server.port()));
  StartStreaming();
  std::vector<std::string> certain;
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(server.AwaitClients(round + 1));
    ASSERT_TRUE(receiver_starts_.Await(round + 1));
    ASSERT_TRUE(peers_known_.Await(round + 1));
    AwaitDriver();  // and with it the receiver knows
    const std::vector<std::string> lines = Numbered("r" + std::to_string(round) + "-", 300);
    const int64_t before = reported_lines_.count();
    ASSERT_TRUE(server.Send(Joined(lines)));
    ASSERT_TRUE(reported_lines_.Await(before + 300));
    AwaitDriver();
    certain.insert(certain.end(), lines.begin(), lines.end());
    const ExecutorId victim = last_receiver();
    cluster_->Kill(victim);
    ASSERT_TRUE(receiver_starts_.Await(round + 2));
    EXPECT_NE(last_receiver(), victim);
    RunBatch();
  }
  ASSERT_TRUE(StopGracefully().ok());
  EXPECT_EQ(counts(), CountedWords(certain));
  EXPECT_EQ(fewest_copies_, 2u);
}

TEST_F(StreamingTest, ABlockWhoseKeeperIsLostIsCopiedAgainAndSurvivesTheNextLoss) {
  see_from_ = [this](ExecutorId id, proto::FromExecutor message) {
    for (const auto& report : message.blocks()) {
      ++blocks_;
      SeeBlock(id, report.block());
    }
    for (const auto& copy : message.replicated()) {
      if (!copy.ok()) continue;
      copied_by_ = Number(id);
      copied_.Add();
    }
    return std::vector{std::move(message)};
  };
  Build({.executors = 3});
  TextServer server;
  CountWords(ssc_->SocketTextStream("127.0.0.1", server.port()));
  StartStreaming();
  const std::vector<std::string> lines = Numbered("line", 400);
  ASSERT_TRUE(server.Send(Joined(lines)));
  ASSERT_TRUE(reported_lines_.Await(400));
  AwaitDriver();
  cluster_->Kill(last_receiver());
  ASSERT_TRUE(copied_.Await(blocks_));
  AwaitDriver();
  cluster_->Kill(ExecutorId{copied_by_.load()});
  RunBatch();
  EXPECT_EQ(counts(), CountedWords(lines));
}

}  // namespace
}  // namespace millstream::test
