// Shuffles between executors, and kept RDDs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <millstream/exec/hash.h>

#include <numeric>

#include "tests/executor/support/int_kernels.h"
#include "tests/executor/support/test_cluster.h"

namespace millstream::executor {
namespace {

constexpr int kMaps = 4;
constexpr int kReducers = 3;
constexpr uint64_t kShuffle = 50;

std::vector<int64_t> Rows(int64_t map, int64_t count) {
  std::vector<int64_t> rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), map * 1'000'000);
  return rows;
}

// What reducer `r` reads if map partition m holds Rows(m, rows).
std::vector<int64_t> Expected(int64_t r, int64_t rows) {
  std::vector<int64_t> expected;
  for (int64_t map = 0; map < kMaps; ++map) {
    for (int64_t row : Rows(map, rows)) {
      if (row % kReducers == r) expected.push_back(row);
    }
  }
  return expected;
}

class ShuffleTest : public testing::Test {
 protected:
  void Open(TestCluster::Options options, int64_t rows) {
    rows_ = rows;
    cluster_ = std::make_unique<TestCluster>(options);
    PlanBuilder maps;
    maps.Narrow("Map", kAddInts, IntState(0), {maps.Blocks(kMaps)}, kMaps);
    PlanBuilder reduces;
    reduces.Shuffle(kReducers);
    for (int e = 0; e < options.executors; ++e) {
      cluster_->Install(e, "maps", maps.ToShuffle(kReducers));
      cluster_->Install(e, "reduces", reduces.ToResult());
    }
    for (uint64_t m = 0; m < kMaps; ++m) {
      cluster_->AddCollection(9, m, EncodeInts(Rows(static_cast<int64_t>(m), rows), 10'000));
    }
  }

  // Runs map partitions [first, first + count) on an executor.
  std::vector<proto::TaskStatus> RunMaps(int executor, uint32_t first, uint32_t count, uint32_t attempt = 0,
                                         uint64_t small_output_bytes = 0) {
    proto::Launch launch = MakeLaunch("maps", 100 + first, count);
    launch.mutable_tasks(0)->set_first(first);
    launch.mutable_tasks(0)->set_attempt(attempt);
    launch.set_shuffle(kShuffle);
    launch.set_small_output_bytes(small_output_bytes);
    AddCollectionInput(launch, 9, kMaps);
    std::vector<proto::TaskStatus> statuses = cluster_->Run(executor, launch);
    for (const proto::TaskStatus& status : statuses) {
      EXPECT_FALSE(status.has_failure()) << status.failure().message();
    }
    return statuses;
  }

  std::vector<proto::TaskStatus> RunReduces(int executor, const std::vector<uint32_t>& holders) {
    proto::Launch launch = MakeLaunch("reduces", ++reduce_runs_, kReducers);
    AddShuffleInput(launch, kShuffle, holders);
    return cluster_->Run(executor, launch);
  }

  std::vector<int64_t> RowsOf(int executor, const proto::TaskStatus& status) {
    if (!status.result_stored()) return DecodeInts(status.result());
    return DecodeInts(*cluster_->executor(executor).blocks().Get(
        {plan::BlockId::Kind::kResult, status.stage_run(), status.partition(), status.attempt()}));
  }

  void ExpectAllRows(int executor, const std::vector<proto::TaskStatus>& statuses) {
    ASSERT_EQ(statuses.size(), static_cast<size_t>(kReducers));
    for (const proto::TaskStatus& status : statuses) {
      ASSERT_FALSE(status.has_failure()) << status.failure().message();
      EXPECT_EQ(RowsOf(executor, status), Expected(status.partition(), rows_));
    }
  }

  uint32_t HashOfOutput(int executor, uint64_t map) {
    uint32_t crc = 0;
    for (uint64_t r = 0; r < kReducers; ++r) {
      const auto slices =
          cluster_->executor(executor).blocks().Get({plan::BlockId::Kind::kShuffle, kShuffle, map, r});
      EXPECT_TRUE(slices.ok());
      for (const exec::Bytes& slice : *slices) crc = exec::Crc32c(slice.view, crc);
    }
    return crc;
  }

  int64_t rows_ = 0;
  uint64_t reduce_runs_ = 0;
  std::unique_ptr<TestCluster> cluster_;
};

TEST_F(ShuffleTest, ReducersReadTheMapsOfTheirOwnExecutorInMapOrder) {
  Open({.executors = 1}, 5'000);
  RunMaps(0, 0, kMaps);
  ExpectAllRows(0, RunReduces(0, {0, 0, 0, 0}));
}

TEST_F(ShuffleTest, ReducersReadTheMapsOfAllExecutorsInMapOrder) {
  Open({.executors = 3, .data_address = "fetched ahead"}, 50'000);
  RunMaps(2, 0, 1);
  RunMaps(0, 1, 1);
  RunMaps(1, 2, 2);
  ExpectAllRows(0, RunReduces(0, {2, 0, 1, 1}));
}

TEST_F(ShuffleTest, OneFetchPerPeerServesAllReducersOfALaunch) {
  Open({.executors = 2}, 100);
  RunMaps(1, 0, kMaps);
  std::mutex mutex;
  std::vector<plan::BlockId> asked;
  cluster_->transport().FailFetches([&](ExecutorId, const plan::BlockId& id) {
    std::lock_guard lock(mutex);
    asked.push_back(id);
    return absl::OkStatus();
  });
  ExpectAllRows(0, RunReduces(0, {1, 1, 1, 1}));
  EXPECT_EQ(asked.size(), static_cast<size_t>(kMaps * kReducers));
  EXPECT_TRUE(std::is_sorted(asked.begin(), asked.end(), [](const plan::BlockId& a, const plan::BlockId& b) {
    return std::pair(a.c, a.b) < std::pair(b.c, b.b);
  }));
}

TEST_F(ShuffleTest, SmallOutputComesWithTheStatusAndIsNotFetchedWhereItIsCarried) {
  Open({.executors = 2, .data_address = "fetched ahead"}, 100);
  const std::vector<proto::TaskStatus> maps = RunMaps(0, 0, kMaps, 0, 10'000);
  proto::Launch launch = MakeLaunch("reduces", 1, kReducers);
  AddShuffleInput(launch, kShuffle, {0, 0, 0, 0});
  for (const proto::TaskStatus& map : maps) {
    ASSERT_EQ(map.small_output_size(), kReducers);
    for (int r = 0; r < kReducers; ++r) {
      proto::CarriedBlock& carried = *launch.add_carried();
      carried.mutable_id()->set_kind(static_cast<uint32_t>(plan::BlockId::Kind::kShuffle));
      carried.mutable_id()->set_a(kShuffle);
      carried.mutable_id()->set_b(map.partition());
      carried.mutable_id()->set_c(static_cast<uint64_t>(r));
      carried.set_slice(map.small_output(r));
    }
  }
  cluster_->transport().FailFetches(
      [](ExecutorId, const plan::BlockId&) { return absl::UnavailableError("nothing is to be fetched"); });
  ExpectAllRows(1, cluster_->Run(1, launch));
}

TEST_F(ShuffleTest, OutputThatIsNotSmallStaysWhereItIs) {
  Open({.executors = 1}, 5'000);
  for (const proto::TaskStatus& map : RunMaps(0, 0, kMaps, 0, 10'000)) EXPECT_EQ(map.small_output_size(), 0);
  ExpectAllRows(0, RunReduces(0, {0, 0, 0, 0}));
}

TEST_F(ShuffleTest, MoreThanTheBudgetGoesThroughDiskAndComesOutRight) {
  Open({.executors = 2, .memory_bytes = size_t{2} << 20}, 400'000);
  RunMaps(0, 0, 2);
  RunMaps(1, 2, 2);
  ExpectAllRows(1, RunReduces(1, {0, 0, 1, 1}));
}

TEST_F(ShuffleTest, AnAttemptThatRunsAgainYieldsTheSameBytes) {
  Open({.executors = 2}, 20'000);
  RunMaps(0, 1, 1);
  const uint32_t first = HashOfOutput(0, 1);
  RunMaps(0, 1, 1, 1);
  RunMaps(1, 1, 1, 2);
  EXPECT_EQ(HashOfOutput(0, 1), first);
  EXPECT_EQ(HashOfOutput(1, 1), first);
}

TEST_F(ShuffleTest, OutputThatAPeerLostFailsTheTaskAndNamesThePeer) {
  Open({.executors = 2}, 100);
  RunMaps(0, 0, 2);
  const std::vector<proto::TaskStatus> statuses = RunReduces(0, {0, 0, 1, 1});
  for (const proto::TaskStatus& status : statuses) {
    EXPECT_EQ(status.failure().kind(), proto::TaskFailure::FETCH);
    EXPECT_EQ(status.failure().lost_executor(), 1u);
    EXPECT_EQ(status.failure().shuffle(), kShuffle);
  }
}

TEST_F(ShuffleTest, APeerThatIsGoneFailsTheTask) {
  Open({.executors = 2}, 100);
  RunMaps(1, 0, kMaps);
  cluster_->StopExecutor(1);
  const proto::TaskStatus status = RunReduces(0, {1, 1, 1, 1})[0];
  EXPECT_EQ(status.failure().kind(), proto::TaskFailure::FETCH);
  EXPECT_EQ(status.failure().lost_executor(), 1u);
}

TEST_F(ShuffleTest, LocalOutputThatWasDroppedIsAFetchFailureOfTheExecutorItself) {
  Open({.executors = 1}, 100);
  RunMaps(0, 0, kMaps);
  proto::ToExecutor drop;
  drop.add_commands()->mutable_drop()->add_shuffles(kShuffle);
  cluster_->Send(0, drop);
  const proto::TaskStatus status = RunReduces(0, {0, 0, 0, 0})[0];
  EXPECT_EQ(status.failure().kind(), proto::TaskFailure::FETCH);
  EXPECT_EQ(status.failure().lost_executor(), 0u);
}

TEST_F(ShuffleTest, AFailedMapTaskLeavesNoOutput) {
  Open({.executors = 1}, 30'000);
  PlanBuilder plan;
  plan.Narrow("FlatMap", kFailAt, 't' + IntState(29'999), {plan.Blocks(kMaps)}, kMaps);
  cluster_->Install(0, "fails", plan.ToShuffle(kReducers));
  proto::Launch launch = MakeLaunch("fails", 1, 1);
  launch.set_shuffle(kShuffle);
  AddCollectionInput(launch, 9, kMaps);
  EXPECT_TRUE(cluster_->Run(0, launch)[0].has_failure());
  EXPECT_FALSE(cluster_->executor(0).blocks().Get({plan::BlockId::Kind::kShuffle, kShuffle, 0, 0}).ok());
}

TEST_F(ShuffleTest, OneLaunchMayReadTheSameReducerTwice) {
  Open({.executors = 2}, 100);
  RunMaps(1, 0, kMaps);
  PlanBuilder plan;
  const int shuffle = plan.Shuffle(kReducers);
  plan.Narrow("Union", kAddInts, IntState(0), {shuffle, shuffle}, kReducers);
  cluster_->Install(0, "twice", plan.ToResult());
  proto::Launch launch = MakeLaunch("twice", 1, kReducers);
  AddShuffleInput(launch, kShuffle, {1, 1, 1, 1});
  const std::vector<proto::TaskStatus> statuses = cluster_->Run(0, launch);
  EXPECT_EQ(DecodeInts(statuses[2].result()).size(), 2 * Expected(2, 100).size());
}

class CachedRddTest : public testing::Test {
 protected:
  void Open(TestCluster::Options options, StorageLevel level, int64_t rows) {
    cluster_ = std::make_unique<TestCluster>(options);
    PlanBuilder plan;
    plan.Narrow("Map", kAddInts, IntState(1), {plan.Blocks(2)}, 2);
    plan.Cached(level);
    for (int e = 0; e < options.executors; ++e) cluster_->Install(e, "p", plan.ToResult());
    for (uint64_t p = 0; p < 2; ++p) {
      cluster_->AddCollection(9, p, EncodeInts(Rows(static_cast<int64_t>(p), rows), 10'000));
    }
  }
  std::vector<proto::TaskStatus> Run(int executor, const std::vector<uint32_t>& places = {}) {
    proto::Launch launch = MakeLaunch("p", ++runs_, 2);
    AddCollectionInput(launch, 9, 2);
    proto::CacheBinding* cache = launch.add_caches();
    cache->set_rdd(77);
    for (const uint32_t peer : replica_peers_) cache->add_replica_peers(peer);
    for (uint32_t p = 0; p < 2; ++p) {
      for (const uint32_t place : places) {
        proto::CacheBinding::Place& added = *cache->add_places();
        added.set_partition(p);
        added.set_executor(place);
      }
    }
    return cluster_->Run(executor, launch);
  }

  uint64_t runs_ = 0;
  std::vector<uint32_t> replica_peers_;
  std::unique_ptr<TestCluster> cluster_;
};

TEST_F(CachedRddTest, ACopyGoesToTheFirstPeerThatTakesIt) {
  Open({.executors = 2}, StorageLevel::kMemoryOnly2, 10);
  replica_peers_ = {7, 1};  // there is no 7
  const std::vector<proto::TaskStatus> statuses = Run(0);
  for (const proto::TaskStatus& status : statuses) {
    ASSERT_EQ(status.kept_size(), 1);
    EXPECT_THAT(status.kept(0).executors(), testing::ElementsAre(0u, 1u));
  }
  const int before = AddRuns();
  EXPECT_EQ(Run(1)[0].result(), statuses[0].result());
  EXPECT_EQ(AddRuns(), before);
}

TEST_F(CachedRddTest, WithoutAPeerThatTakesACopyThereIsOne) {
  Open({}, StorageLevel::kMemoryOnly2, 10);
  replica_peers_ = {7};
  const proto::TaskStatus status = Run(0)[0];
  EXPECT_FALSE(status.has_failure());
  EXPECT_THAT(status.kept(0).executors(), testing::ElementsAre(0u));
}

TEST_F(CachedRddTest, PartitionsAreComputedOnceAndReported) {
  Open({}, StorageLevel::kMemoryOnly, 10);
  const int before = AddRuns();
  const std::vector<proto::TaskStatus> first = Run(0);
  ASSERT_EQ(first[1].kept_size(), 1);
  EXPECT_EQ(first[1].kept(0).rdd(), 77u);
  EXPECT_EQ(first[1].kept(0).partition(), 1u);
  const std::vector<proto::TaskStatus> second = Run(0);
  EXPECT_EQ(second[1].kept_size(), 0);
  EXPECT_EQ(second[1].result(), first[1].result());
  EXPECT_EQ(AddRuns() - before, 2);
}

TEST_F(CachedRddTest, PartitionsAreReadFromThePeerThatKeepsThem) {
  Open({.executors = 2}, StorageLevel::kMemoryAndDisk, 10);
  const std::string expected = Run(1)[0].result();
  const int before = AddRuns();
  EXPECT_EQ(Run(0, {1})[0].result(), expected);
  EXPECT_EQ(AddRuns(), before);
}

TEST_F(CachedRddTest, PartitionsAreReadFromTheSecondPeerIfTheFirstLostThem) {
  Open({.executors = 3}, StorageLevel::kMemoryAndDisk, 10);
  const std::string expected = Run(1)[0].result();
  const int before = AddRuns();
  EXPECT_EQ(Run(0, {2, 1})[0].result(), expected);
  EXPECT_EQ(AddRuns(), before);
}

TEST_F(CachedRddTest, PartitionsThatThePeerLostAreComputedAgain) {
  Open({.executors = 2}, StorageLevel::kMemoryAndDisk, 10);
  const std::vector<proto::TaskStatus> statuses = Run(0, {1});
  EXPECT_FALSE(statuses[0].has_failure());
  EXPECT_EQ(statuses[0].kept_size(), 1);
}

TEST_F(CachedRddTest, MemoryOnlyWithoutRoomIsComputedEachTimeAndNotReported) {
  Open({.memory_bytes = size_t{1} << 20}, StorageLevel::kMemoryOnly, 500'000);
  for (int i = 0; i < 2; ++i) {
    const int before = AddRuns();
    const std::vector<proto::TaskStatus> statuses = Run(0);
    EXPECT_EQ(AddRuns() - before, 2);
    for (const proto::TaskStatus& status : statuses) {
      ASSERT_FALSE(status.has_failure()) << status.failure().message();
      EXPECT_EQ(status.kept_size(), 0);
      const auto rows = cluster_->executor(0).blocks().Get(
          {plan::BlockId::Kind::kResult, status.stage_run(), status.partition(), 0});
      EXPECT_EQ(DecodeInts(*rows).size(), 500'000u);
    }
  }
}

TEST_F(CachedRddTest, MemoryAndDiskIsKeptWithoutRoom) {
  Open({.memory_bytes = size_t{1} << 20}, StorageLevel::kMemoryAndDisk, 500'000);
  EXPECT_EQ(Run(0)[0].kept_size(), 1);
  const int before = AddRuns();
  EXPECT_TRUE(Run(0)[0].result_stored());
  EXPECT_EQ(AddRuns(), before);
}

TEST_F(CachedRddTest, AnUnpersistedRddIsComputedAgain) {
  Open({}, StorageLevel::kMemoryOnly, 10);
  Run(0);
  proto::ToExecutor drop;
  drop.add_commands()->mutable_drop()->add_rdds(77);
  cluster_->Send(0, drop);
  const int before = AddRuns();
  Run(0);
  EXPECT_EQ(AddRuns() - before, 2);
}

}  // namespace
}  // namespace millstream::executor
