// RDDs that are kept in two copies: what a lost executor computed is not computed again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <millstream/context.h>

#include <algorithm>
#include <atomic>

#include "tests/support/mini_cluster.h"

namespace millstream::test {
namespace {

using ::testing::SizeIs;

constexpr ExecutorId kZero{0};
constexpr int kRows = 60;
constexpr int kPartitions = 6;

std::atomic<int> g_calls;

class KeptRddTest : public ::testing::Test {
 protected:
  void Start(int executors) {
    g_calls = 0;
    cluster_ = std::make_unique<MiniCluster>(MiniClusterOptions{.executors = executors});
    cluster_->OnMessageFrom([this](ExecutorId, proto::FromExecutor message) {
      std::lock_guard lock(mutex_);
      for (const auto& status : message.statuses()) {
        kept_.insert(kept_.end(), status.kept().begin(), status.kept().end());
      }
      return std::vector{std::move(message)};
    });
    ASSERT_TRUE(cluster_->Start().ok());
    context_ = cluster_->MakeContext();
    ASSERT_TRUE(context_->status().ok()) << context_->status();
  }

  RDD<int64_t> KeptSquares(StorageLevel level) {
    return context_->Range(0, kRows, 1, kPartitions)
        .Map([](int64_t n) {
          ++g_calls;
          return n * n;
        })
        .Persist(level);
  }

  static void ExpectSquares(const RDD<int64_t>& rows) {
    const auto got = rows.Collect();
    ASSERT_TRUE(got.ok()) << got.status();
    ASSERT_THAT(*got, SizeIs(kRows));
    for (int64_t n = 0; n < kRows; ++n) EXPECT_EQ((*got)[static_cast<size_t>(n)], n * n);
  }

  std::vector<proto::KeptPartition> kept() {
    std::lock_guard lock(mutex_);
    return kept_;
  }
  bool HasBlock(uint32_t executor, const proto::KeptPartition& partition) {
    const plan::BlockId id{plan::BlockId::Kind::kRdd, partition.rdd(), partition.partition(), 0};
    return cluster_->blocks_of(ExecutorId{executor}).Get(id).ok();
  }

  std::mutex mutex_;
  std::vector<proto::KeptPartition> kept_;  // as reported
  std::unique_ptr<MiniCluster> cluster_;
  std::unique_ptr<Context> context_;
};

class ReplicasTest : public KeptRddTest, public ::testing::WithParamInterface<StorageLevel> {};

INSTANTIATE_TEST_SUITE_P(Levels, ReplicasTest,
                         ::testing::Values(StorageLevel::kDiskOnly2, StorageLevel::kMemoryOnly2,
                                           StorageLevel::kMemoryOnlySer2, StorageLevel::kMemoryAndDisk2,
                                           StorageLevel::kMemoryAndDiskSer2));

TEST_P(ReplicasTest, WhatALostExecutorComputedIsNotComputedAgain) {
  Start(3);
  const RDD<int64_t> squares = KeptSquares(GetParam());
  ExpectSquares(squares);
  EXPECT_EQ(g_calls, kRows);
  const auto partitions = kept();
  EXPECT_TRUE(std::ranges::any_of(partitions, [](const auto& kept) { return kept.executors(0) == 0; }));
  cluster_->Kill(kZero);
  ASSERT_TRUE(cluster_->AwaitLaunches(4));
  ExpectSquares(squares);
  EXPECT_EQ(g_calls, kRows);
}

TEST_P(ReplicasTest, UnpersistRemovesBothCopies) {
  Start(3);
  const RDD<int64_t> squares = KeptSquares(GetParam());
  ExpectSquares(squares);
  const auto partitions = kept();
  ASSERT_THAT(partitions, SizeIs(kPartitions));
  for (const proto::KeptPartition& partition : partitions) {
    ASSERT_EQ(partition.executors_size(), 2);
    EXPECT_NE(partition.executors(0), partition.executors(1));
    for (const uint32_t executor : partition.executors()) EXPECT_TRUE(HasBlock(executor, partition));
  }
  squares.Unpersist();
  // Every executor has a task of this job, and carries commands out in order.
  ASSERT_TRUE(context_->Range(0, kPartitions, 1, kPartitions).Count().ok());
  for (const proto::KeptPartition& partition : partitions) {
    for (uint32_t executor = 0; executor < 3; ++executor) EXPECT_FALSE(HasBlock(executor, partition));
  }
}

TEST_P(ReplicasTest, ALoneExecutorKeepsOneCopy) {
  Start(1);
  const RDD<int64_t> squares = KeptSquares(GetParam());
  ExpectSquares(squares);
  ExpectSquares(squares);
  EXPECT_EQ(g_calls, kRows);
  for (const proto::KeptPartition& partition : kept()) EXPECT_EQ(partition.executors_size(), 1);
}

TEST_F(KeptRddTest, OfALevelWithOneCopyTheLostPartsAreComputedAgain) {
  Start(3);
  const RDD<int64_t> squares = KeptSquares(StorageLevel::kMemoryAndDisk);
  ExpectSquares(squares);
  cluster_->Kill(kZero);
  ExpectSquares(squares);
  EXPECT_GT(g_calls, kRows);
  EXPECT_LT(g_calls, 2 * kRows);
}

}  // namespace
}  // namespace millstream::test
