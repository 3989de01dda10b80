// Receivers as a user's test runs them: $MILLSTREAM_TEST_MASTER, or local[2].
#include <millstream/testing.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "tests/client/context_test.h"

namespace millstream {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Counts up, from a field that travels.
struct Counter {
  int64_t first = 0;
  int64_t count = 0;
  void Receive(ReceiverSink<int64_t>& sink) const {
    for (int64_t i = 0; i < count; ++i) sink.Store(first + i);
    while (!sink.Stopped()) std::this_thread::sleep_for(1ms);
  }
};

struct ChoosyCounter {
  Counter counter;
  std::string PreferredHost() const { return "no-such-host"; }
  void Receive(ReceiverSink<int64_t>& sink) const { counter.Receive(sink); }
};
static_assert(exec::kIsReceiver<Counter, int64_t>);
static_assert(!exec::kIsReceiver<Counter, std::string>);

int64_t SumOf(StreamingContext& ssc, const DStream<int64_t>& numbers, int64_t rows) {
  std::mutex mutex;
  std::condition_variable changed;
  int64_t sum = 0, seen = 0;
  numbers.ForEachRdd([&](const RDD<int64_t>& rdd) -> absl::Status {
    const auto batch = rdd.Collect();
    if (!batch.ok()) return batch.status();
    std::lock_guard lock(mutex);
    for (const int64_t row : *batch) sum += row;
    seen += static_cast<int64_t>(batch->size());
    changed.notify_all();
    return absl::OkStatus();
  });
  const absl::Status started = ssc.Start();
  EXPECT_TRUE(started.ok()) << started;
  if (!started.ok()) return -1;
  {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, 60s, [&] { return seen >= rows; }));
  }
  EXPECT_TRUE(ssc.Stop({.graceful = true}).ok());
  return sum;
}

TEST(ReceiverStreams, AReceiversRowsAreCountedOnce) {
  StreamingContext ssc(TestConfig(), 20ms);
  EXPECT_EQ(SumOf(ssc, ssc.ReceiverStream<int64_t>(Counter{1, 1000}), 1000), 500'500);
}

TEST(ReceiverStreams, AHostThatIsNotThereIsOnlyAPreference) {
  StreamingContext ssc(TestConfig(), 20ms);
  EXPECT_EQ(SumOf(ssc, ssc.ReceiverStream<int64_t>(ChoosyCounter{{1, 10}}), 10), 55);
}

absl::Status StartError(const Config& config, const std::function<void(StreamingContext&)>& build) {
  StreamingContext ssc(config, 20ms);
  build(ssc);
  return ssc.Start();
}

TEST(ReceiverStreams, AReceiverNeedsACoreBesideThoseOfTasks) {
  const absl::Status status = StartError(Config().SetMaster("local[2]"), [](StreamingContext& ssc) {
    for (int i = 0; i < 2; ++i) ssc.ReceiverStream<int64_t>(Counter{}).Print();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
}

TEST(ReceiverStreams, ALevelThatKeepsNothingIsRefusedByNameAndPlace) {
  const absl::Status status = StartError(TestConfig(), [](StreamingContext& ssc) {
    ssc.ReceiverStream<int64_t>(Counter{}, {.storage_level = StorageLevel::kNone}).Print();
  });
  EXPECT_THAT(TextOf(status), HasSubstr("ReceiverStream Counter"));
  EXPECT_THAT(TextOf(status), HasSubstr("receiver_stream_test.cc:"));
}

TEST(ReceiverStreams, APortThatIsNoneIsRefused) {
  const absl::Status status = StartError(
      TestConfig(), [](StreamingContext& ssc) { ssc.RawSocketStream<int64_t>("localhost", 70000).Print(); });
  EXPECT_THAT(TextOf(status), HasSubstr("RawSocketStream localhost:70000: no such port"));
}

TEST(ReceiverStreams, ARateThatIsNoWholeNumberIsRefused) {
  const absl::Status status =
      StartError(TestConfig().Set("millstream.streaming.receiver.maxRate", "1.5"),
                 [](StreamingContext& ssc) { ssc.ReceiverStream<int64_t>(Counter{}).Print(); });
  EXPECT_THAT(TextOf(status), HasSubstr("maxRate"));
  EXPECT_THAT(TextOf(status), HasSubstr("is not a whole number"));
}

TEST(ReceiverStreams, ARateOfZeroOrLessIsNoLimit) {
  for (const char* rate : {"0", "-1"}) {
    StreamingContext ssc(TestConfig().Set("millstream.streaming.receiver.maxRate", rate), 20ms);
    EXPECT_EQ(SumOf(ssc, ssc.ReceiverStream<int64_t>(Counter{1, 100'000}), 100'000), 5'000'050'000);
  }
}

}  // namespace
}  // namespace millstream
