// B7: a stream of equal two-stage batches of 2 + 2 tasks, until SIGTERM: words are made in the tasks, counted
// by key, and the counts summed up.
//
//   b7_batches [FLAGS] WORDS
//
// Each batch is one line on stdout, `batch ID PROCESSING_US TOTAL_US`: from the moment its lineage is asked
// for, and from its scheduled time, to the moment its output has the result. A wrong result fails the
// program.
#include <millstream/streaming.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace ms = millstream;
using namespace std::chrono_literals;

namespace {

using SteadyClock = std::chrono::steady_clock;

int64_t Micros(auto duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

// Half of a batch's words: w00000000, w00000001, … The halves have their words in common.
struct MakeWords {
  int64_t words;

  std::vector<std::string> operator()(int64_t /*half*/) const {
    std::vector<std::string> made;
    for (int64_t i = 0; i < words / 2; ++i) {
      const std::string digits = std::to_string(i);
      made.push_back("w" + std::string(8 - digits.size(), '0') + digits);
    }
    return made;
  }
};

class StartTimes {
 public:
  void Record(int64_t batch) {
    std::lock_guard lock(mutex_);
    times_[batch] = SteadyClock::now();
  }

  SteadyClock::time_point Take(int64_t batch) {
    std::lock_guard lock(mutex_);
    return times_.extract(batch).mapped();
  }

 private:
  std::mutex mutex_;
  std::map<int64_t, SteadyClock::time_point> times_;
};

absl::Status RunBatches(ms::StreamingContext& ssc) {
  const auto args = ms::Args();
  if (args.size() != 1) return absl::InvalidArgumentError("usage: b7_batches [FLAGS] WORDS");
  const int64_t num_words = std::atoll(args[0].c_str());
  const auto starts = std::make_shared<StartTimes>();
  const ms::RDD<int64_t> halves = ssc.context().Parallelize(std::vector<int64_t>{0, 1}, 2);
  ms::BatchQueue<int64_t> queue;
  auto counts = ssc.QueueStream(queue, {.default_rdd = halves})
                    .Transform([starts](ms::RDD<int64_t> rdd, const ms::Batch& batch) {
                      starts->Record(batch.id);
                      return rdd;
                    })
                    .FlatMap(MakeWords{num_words})
                    .Map([](const std::string& word) { return std::pair(word, int64_t{1}); })
                    .ReduceByKey(std::plus<>(), {.num_partitions = 2});
  counts.ForEachRdd([starts, num_words](auto rdd, const ms::Batch& batch) -> absl::Status {
    const auto total = rdd.Map([](const std::string& /*word*/, int64_t count) { return count; })
                           .Fold(int64_t{0}, std::plus<>());
    if (!total.ok()) return total.status();
    const auto processing = SteadyClock::now() - starts->Take(batch.id);
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    if (*total != num_words) return absl::InternalError("counted " + std::to_string(*total) + " words");
    std::printf("batch %lld %lld %lld\n", static_cast<long long>(batch.id),
                static_cast<long long>(Micros(processing)),
                static_cast<long long>(Micros(since_epoch - std::chrono::milliseconds(batch.time))));
    std::fflush(stdout);
    return absl::OkStatus();
  });
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  return ms::Run(argc, argv, {.app_name = "b7_batches", .batch_interval = 100ms}, RunBatches);
}
