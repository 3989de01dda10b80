// Jobs on a driver and executors in one process: right answers, whatever happens meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <millstream/context.h>

#include <atomic>
#include <future>
#include <stdexcept>

#include "tests/support/event.h"
#include "tests/support/launch_log.h"
#include "tests/support/mini_cluster.h"
#include "tests/support/words.h"

namespace millstream::test {
namespace {

using ::testing::HasSubstr;

constexpr ExecutorId kZero{0};
constexpr ExecutorId kOne{1};
constexpr int kMaps = 8;
constexpr int kReducers = 4;

// Counts the words of `lines` in two stages.
absl::StatusOr<Counts> CountOn(Context& context, const std::vector<std::string>& lines) {
  const auto counts = context.Parallelize(lines, kMaps)
                          .FlatMap(SplitWords{})
                          .Map([](std::string_view word) { return std::pair(word, int64_t{1}); })
                          .ReduceByKey(std::plus<>(), {.num_partitions = kReducers})
                          .CollectAsMap();
  if (!counts.ok()) return counts.status();
  return Counts(counts->begin(), counts->end());
}

class JobsTest : public ::testing::Test {
 protected:
  void Start(const MiniClusterOptions& options = {}) {
    cluster_ = std::make_unique<MiniCluster>(options);
    if (see_to_) {
      cluster_->OnMessageTo([this](ExecutorId id, proto::ToExecutor message) {
        log_.See(message);
        return see_to_(id, std::move(message));
      });
    } else {
      cluster_->OnMessageTo([this](ExecutorId, proto::ToExecutor message) {
        log_.See(message);
        return std::vector<proto::ToExecutor>{std::move(message)};
      });
    }
    if (see_from_) cluster_->OnMessageFrom(see_from_);
    if (see_fetch_) cluster_->OnBlockFetch(see_fetch_);
    ASSERT_TRUE(cluster_->Start().ok());
    context_ = cluster_->MakeContext();
    ASSERT_TRUE(context_->status().ok()) << context_->status();
  }

  void ExpectExactCounts() {
    const auto counts = CountOn(*context_, lines_);
    ASSERT_TRUE(counts.ok()) << counts.status();
    EXPECT_EQ(*counts, CountedWords(lines_));
  }

  const std::vector<std::string> lines_ = SomeLines(3000);
  LaunchLog log_;
  MiniCluster::OnToExecutor see_to_;
  MiniCluster::OnToDriver see_from_;
  MiniCluster::OnFetch see_fetch_;

  // For hooks, which killed executors call until the cluster has ended.
  Event seen_;
  std::atomic<int> counted_[2] = {0, 0};
  std::mutex mutex_;                                                       // protects what follows
  std::vector<proto::FromExecutor> earlier_[2];                            // by executor
  std::map<std::pair<uint32_t, int>, std::vector<std::string>> attempts_;  // by map and reducer

  std::unique_ptr<MiniCluster> cluster_;
  std::unique_ptr<Context> context_;
};

TEST_F(JobsTest, WordsAreCountedExactlyOverTwoExecutors) {
  see_from_ = [this](ExecutorId id, proto::FromExecutor message) {
    counted_[Number(id)] += message.statuses_size();
    return std::vector{std::move(message)};
  };
  Start();
  ExpectExactCounts();
  EXPECT_GT(counted_[0], 0);
  EXPECT_GT(counted_[1], 0);
  EXPECT_EQ(counted_[0] + counted_[1], kMaps + kReducers);
}

TEST_F(JobsTest, WordsAreCountedExactlyInChunksThatAreOverwritten) {
  Start({.test_chunks = true});
  ExpectExactCounts();
}

TEST_F(JobsTest, DuplicatedAndReorderedStatusesAreHarmless) {
  see_from_ = [this](ExecutorId id, proto::FromExecutor message) {
    if (message.statuses_size() == 0) return std::vector{std::move(message)};
    std::lock_guard lock(mutex_);
    std::vector<proto::FromExecutor>& seen = earlier_[Number(id)];
    std::vector<proto::FromExecutor> out;
    for (int i = message.statuses_size() - 1; i >= 0; --i) {
      proto::FromExecutor one;
      *one.add_statuses() = message.statuses(i);
      out.push_back(one);
      if (!seen.empty()) out.push_back(seen[seen.size() / 2]);  // one of another stage, or another job
      out.push_back(one);
      seen.push_back(std::move(one));
    }
    return out;
  };
  Start();
  for (int job = 0; job < 5; ++job) ExpectExactCounts();
}

TEST_F(JobsTest, AnExecutorKilledAmongTheMapsLosesNoWord) {
  see_from_ = [this](ExecutorId id, proto::FromExecutor message) {
    const bool lost = id == kOne && message.statuses_size() > 0;
    if (lost) seen_.Add();
    return lost ? std::vector<proto::FromExecutor>() : std::vector{std::move(message)};
  };
  Start();
  auto counts = std::async(std::launch::async, [&] { return CountOn(*context_, lines_); });
  ASSERT_TRUE(seen_.Await());
  cluster_->Kill(kOne);
  ASSERT_TRUE(cluster_->AwaitLaunches(3));
  const auto got = counts.get();
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, CountedWords(lines_));
}

TEST_F(JobsTest, LostShuffleOutputIsComputedAgain) {
  see_from_ = [this](ExecutorId id, proto::FromExecutor message) {
    bool lost = false;
    for (const auto& status : message.statuses()) {
      if (log_.ShuffleOf(status) != 0) {
        ++counted_[0];
      } else if (id == kOne) {
        lost = true;
      }
    }
    if (lost) seen_.Add();
    return lost ? std::vector<proto::FromExecutor>() : std::vector{std::move(message)};
  };
  Start();
  auto counts = std::async(std::launch::async, [&] { return CountOn(*context_, lines_); });
  ASSERT_TRUE(seen_.Await());  // all maps are done
  EXPECT_EQ(counted_[0], kMaps);
  cluster_->Kill(kOne);
  const auto got = counts.get();
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, CountedWords(lines_));
  EXPECT_GT(counted_[0], kMaps);
}

TEST_F(JobsTest, ARecomputedMapTaskYieldsIdenticalBytes) {
  see_from_ = [this](ExecutorId id, proto::FromExecutor message) {
    for (auto& status : *message.mutable_statuses()) {
      const uint64_t shuffle = log_.ShuffleOf(status);
      if (shuffle == 0 || status.has_failure()) continue;
      status.clear_small_output();  // so that it has to be fetched
      for (int reducer = 0; reducer < kReducers; ++reducer) {
        const auto slices = cluster_->blocks_of(id).Get(
            {plan::BlockId::Kind::kShuffle, shuffle, status.partition(), static_cast<uint64_t>(reducer)});
        std::string bytes;
        if (slices.ok()) {
          for (const exec::Bytes& slice : *slices) bytes += slice.view;
        }
        std::lock_guard lock(mutex_);
        attempts_[{status.partition(), reducer}].push_back(std::move(bytes));
      }
    }
    return std::vector{std::move(message)};
  };
  see_fetch_ = [this](ExecutorId, const plan::BlockId& id) {
    if (id.kind != plan::BlockId::Kind::kShuffle || counted_[0].fetch_add(1) > 0) return absl::OkStatus();
    return absl::NotFoundError("lost by the test");
  };
  Start();
  ExpectExactCounts();
  int recomputed = 0;
  size_t bytes = 0;
  for (const auto& [block, contents] : attempts_) {
    for (const std::string& content : contents) EXPECT_EQ(content, contents.front());
    if (contents.size() > 1) ++recomputed;
    bytes += contents.front().size();
  }
  EXPECT_GE(recomputed, kReducers);
  EXPECT_GT(bytes, 1000u);
}

TEST_F(JobsTest, AShuffleBlockThatIsNeverThereFailsTheJobByName) {
  see_from_ = [](ExecutorId, proto::FromExecutor message) {
    for (auto& status : *message.mutable_statuses()) status.clear_small_output();
    return std::vector{std::move(message)};
  };
  see_fetch_ = [](ExecutorId peer, const plan::BlockId& id) {
    return id.kind == plan::BlockId::Kind::kShuffle && peer == kOne ? absl::NotFoundError("lost by the test")
                                                                    : absl::OkStatus();
  };
  Start();
  const auto counts = CountOn(*context_, lines_);
  if (counts.ok()) {
    EXPECT_EQ(*counts, CountedWords(lines_));  // the maps moved away from executor 1
  } else {
    EXPECT_THAT(counts.status().message(), HasSubstr("lost by the test"));
  }
}

Event g_begun;
Event g_gate;

TEST_F(JobsTest, AHungExecutorIsLostAndIgnoredWhenItReturns) {
  g_begun.Reset();
  g_gate.Reset();
  Start({.network_timeout = std::chrono::milliseconds(1000)});
  auto sum = std::async(std::launch::async, [&] {
    return context_->Range(0, 1000, 1, 4)
        .Map([](int64_t n) {
          if (n % 250 == 0) {
            g_begun.Add();
            g_gate.Await();
          }
          return n;
        })
        .Reduce(std::plus<>());
  });
  ASSERT_TRUE(g_begun.Await(4));
  cluster_->Hang(kOne);
  g_gate.Add();
  ASSERT_TRUE(cluster_->AwaitGivenUp(kOne));
  const auto got = sum.get();
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, 999 * 1000 / 2);
  EXPECT_TRUE(cluster_->AwaitLaunches(3));
  cluster_->Resume(kOne);
  ExpectExactCounts();
}

TEST_F(JobsTest, AnExecutorThatHangsForAMomentOnlyDelays) {
  g_begun.Reset();
  g_gate.Reset();
  Start();
  auto sum = std::async(std::launch::async, [&] {
    return context_->Range(0, 1000, 1, 4)
        .Map([](int64_t n) {
          if (n % 250 == 0) {
            g_begun.Add();
            g_gate.Await();
          }
          return n;
        })
        .Reduce(std::plus<>());
  });
  ASSERT_TRUE(g_begun.Await(4));
  cluster_->Hang(kOne);
  g_gate.Add();
  cluster_->Resume(kOne);
  const auto got = sum.get();
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, 999 * 1000 / 2);
  ExpectExactCounts();
  EXPECT_EQ(cluster_->live().size(), 2u);
}

std::atomic<int> g_calls;

TEST_F(JobsTest, AThrowingFunctionIsTriedFourTimesAndNamed) {
  g_calls = 0;
  Start();
  const auto got = context_->Range(0, 10, 1, 2)
                       .Map([](int64_t n) {
                         if (n != 7) return n;
                         ++g_calls;
                         throw std::runtime_error("no sevens");
                       })
                       .Collect();
  EXPECT_EQ(g_calls, 4);
  ASSERT_FALSE(got.ok());
  EXPECT_THAT(std::string(got.status().message()), HasSubstr("Map"));
  EXPECT_THAT(std::string(got.status().message()), HasSubstr("4 times"));
  EXPECT_THAT(std::string(got.status().message()), HasSubstr("std::runtime_error: no sevens"));
  ExpectExactCounts();
}

TEST_F(JobsTest, AFunctionThatThrowsThreeTimesSucceeds) {
  g_calls = 0;
  Start();
  const auto got = context_->Range(0, 10, 1, 2)
                       .Map([](int64_t n) {
                         if (n == 7 && ++g_calls < 4) throw g_calls.load();
                         return n;
                       })
                       .Reduce(std::plus<>());
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, 45);
}

// What the master allows, in this process.
struct Tries {
  const char* master;
  int count;
};

class LocalTriesTest : public ::testing::TestWithParam<Tries> {};

TEST_P(LocalTriesTest, AThrowingFunctionIsTriedAsOftenAsTheMasterSays) {
  g_calls = 0;
  Context context(Config().SetMaster(GetParam().master).SetAppName("tries"));
  ASSERT_TRUE(context.status().ok()) << context.status();
  const auto got = context.Range(0, 4, 1, 1)
                       .Map([](int64_t n) {
                         ++g_calls;
                         if (n == 0) throw 42;
                         return n;
                       })
                       .Collect();
  EXPECT_EQ(g_calls, GetParam().count);
  ASSERT_FALSE(got.ok());
  EXPECT_THAT(std::string(got.status().message()), HasSubstr("int: 42"));
}

INSTANTIATE_TEST_SUITE_P(Masters, LocalTriesTest,
                         ::testing::Values(Tries{"local[2]", 1}, Tries{"local[2,3]", 3}));

TEST(MiniClusterTest, AnExecutorOfAnotherBuildIsRefusedNamingBoth) {
  MiniCluster cluster({.executor_build_id = "\x12\x34\xab"});
  const absl::Status status = cluster.Start();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("build 1234ab"));
  EXPECT_THAT(std::string(status.message()), ::testing::ContainsRegex("the driver build [0-9a-f]{16}"));
}

}  // namespace
}  // namespace millstream::test
