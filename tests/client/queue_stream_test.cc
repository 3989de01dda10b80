// Sources and combinations that a StreamingContext offers, fed from queues.
#include <millstream/testing.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/client/context_test.h"

namespace millstream {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Numbers = std::vector<int64_t>;
using NumberBatches = std::vector<Numbers>;

class QueueStreams : public ::testing::Test {
 protected:
  static constexpr size_t kMostBatches = 8;

  // Keeps the rows of each batch of `stream` in got_.
  void Keep(const DStream<int64_t>& stream) {
    got_.resize(kMostBatches);
    testing::KeepRows(stream, got_);
  }
  // Runs `count` batches one by one, `before` each of them.
  template <class F>
  NumberBatches Run(int count, F before) {
    for (int batch = 0; batch < count; ++batch) {
      before(batch);
      if (batch == 0) {
        Track();
        EXPECT_TRUE(ssc_.Start().ok());
        before(-1);
      }
      clock_.AdvanceBy(1s);
      EXPECT_EQ(ended_.get_future().wait_for(60s), std::future_status::ready);
      ended_ = {};
    }
    EXPECT_TRUE(ssc_.Stop().ok());
    got_.resize(static_cast<size_t>(count));
    return got_;
  }
  NumberBatches Run(int count) {
    return Run(count, [](int) {});
  }

  Context sc_{TestConfig()};
  testing::ManualClock clock_;
  StreamingContext ssc_{sc_, 1s, clock_};

 private:
  void Track() {
    ssc_.QueueStream(BatchQueue<int64_t>()).ForEachRdd([this](const RDD<int64_t>&) { ended_.set_value(); });
  }

  NumberBatches got_;
  std::promise<void> ended_;
};

TEST_F(QueueStreams, OneEntryPerBatchRowsAndRddsAlike) {
  BatchQueue<int64_t> queue;
  queue.Push({1, 2, 3});
  queue.Push(sc_.Range(10, 12));
  Keep(ssc_.QueueStream(queue));
  const NumberBatches got = Run(4, [&queue](int before) {
    if (before == 3) queue.Push({7});
  });
  EXPECT_EQ(got, (NumberBatches{{1, 2, 3}, {10, 11}, {}, {7}}));
}

TEST_F(QueueStreams, AllThatIsQueuedMayBecomeOneBatch) {
  BatchQueue<int64_t> queue;
  queue.Push({1});
  queue.Push(sc_.Range(10, 12));
  queue.Push({2, 3});
  Keep(ssc_.QueueStream(queue, {.one_at_a_time = false}));
  EXPECT_EQ(Run(2), (NumberBatches{{1, 10, 11, 2, 3}, {}}));
}

TEST_F(QueueStreams, ADefaultRddFillsInForAnEmptyQueue) {
  BatchQueue<int64_t> queue;
  queue.Push({1});
  Keep(ssc_.QueueStream(queue, {.default_rdd = sc_.Parallelize(Numbers{-1})}).Map([](int64_t n) {
    return n * 2;
  }));
  EXPECT_EQ(Run(3), (NumberBatches{{2}, {-2}, {-2}}));
}

TEST_F(QueueStreams, PushedRowsLieInAsManyPartitionsAsAskedFor) {
  BatchQueue<int64_t> queue;
  queue.Push({1, 2, 3});
  Keep(ssc_.QueueStream(queue, {.num_partitions = 3}).Glom().Map([](const Numbers& rows) {
    return static_cast<int64_t>(rows.size());
  }));
  EXPECT_EQ(Run(1), (NumberBatches{{1, 1, 1}}));
}

TEST_F(QueueStreams, AQueueOfViewsTakesOwnedTexts) {
  BatchQueue<std::string_view> queue;
  queue.Push(std::vector<std::string>{"to be", "or"});
  Keep(ssc_.QueueStream(queue).FlatMap(SplitWords{}).Map([](std::string_view word) {
    return static_cast<int64_t>(word.size());
  }));
  EXPECT_EQ(Run(1), (NumberBatches{{2, 2, 2}}));
}

TEST_F(QueueStreams, TheContextUnitesAnyRangeOfStreams) {
  BatchQueue<int64_t> left, right;
  left.Push({1, 2});
  right.Push({3});
  right.Push({4});
  const std::vector streams{ssc_.QueueStream(left), ssc_.QueueStream(right)};
  Keep(ssc_.Union({ssc_.Union(streams), streams[1]}));
  EXPECT_EQ(Run(2), (NumberBatches{{1, 2, 3, 3}, {4, 4}}));
}

TEST_F(QueueStreams, TheContextTransformsTheRddsOfSeveralStreams) {
  BatchQueue<int64_t> left, right;
  left.Push({1, 2});
  right.Push({3});
  const std::vector streams{ssc_.QueueStream(left), ssc_.QueueStream(right)};
  const auto sizes = ssc_.Transform(streams, [](std::span<const RDD<int64_t>> rdds) {
    std::vector<RDD<int64_t>> all(rdds.begin(), rdds.end());
    return all[0].Union(all[1]).Map([](int64_t n) { return n * 10; });
  });
  Keep(ssc_.Transform({sizes, streams[0]}, [this](std::span<const RDD<int64_t>> rdds, const Batch& batch) {
    return batch.id == 0 ? sc_.Union(rdds) : sc_.Parallelize(Numbers{batch.time});
  }));
  EXPECT_EQ(Run(2), (NumberBatches{{10, 20, 30, 1, 2}, {2000}}));
}

TEST_F(QueueStreams, TwoUsersOfAStreamSeeOneRddPerBatch) {
  BatchQueue<int64_t> queue;
  queue.Push({5});
  const auto numbers = ssc_.QueueStream(queue);
  Keep(numbers.Union(numbers.Map([](int64_t n) { return n + 1; })));
  EXPECT_EQ(Run(2), (NumberBatches{{5, 6}, {}}));
}

}  // namespace
}  // namespace millstream
