// The testing kit: programs' operations over given batches, on a manual clock, with the real engine.
#ifndef MILLSTREAM_TESTING_H_
#define MILLSTREAM_TESTING_H_

#include <millstream/streaming.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace millstream::testing {

// Time that moves only when told. Thread-safe. Must outlive the contexts that use it.
class ManualClock : public Clock {
 public:
  explicit ManualClock(int64_t now_ms = 0) : now_ms_(now_ms) {}

  // Time never goes back: an earlier time is ignored.
  void AdvanceTo(int64_t time_ms);
  void AdvanceBy(std::chrono::milliseconds duration);

  int64_t NowMs() const override;
  bool IsManual() const override { return true; }
  uint64_t Subscribe(std::function<void()> moved) override;
  void Unsubscribe(uint64_t token) override;

 private:
  mutable std::mutex mutex_;  // protects now_ms_
  int64_t now_ms_;
  std::mutex calling_;  // held during calls; protects everything below
  std::map<uint64_t, std::function<void()>> subscribers_;
  uint64_t next_token_ = 1;
};

struct RunBatchesOptions {
  int num_batches = 0;                             // 0: as many as the input has
  std::chrono::milliseconds batch_interval{1000};  // batch i is due at (i + 1) * batch_interval
  int input_partitions = 2;
  std::string master = "";  // $MILLSTREAM_TEST_MASTER, else local[2]
  Config config = {};
};

// One streaming application on a manual clock; what RunBatches is made of.
class BatchRun {
 public:
  explicit BatchRun(const RunBatchesOptions& options);
  ~BatchRun();

  StreamingContext& ssc() { return *ssc_; }
  // Starts, and runs batches 0 .. num_batches - 1 one by one. The first failure ends it.
  absl::Status Run(int num_batches);

 private:
  struct Progress;
  const std::chrono::milliseconds interval_;
  ManualClock clock_;
  std::unique_ptr<StreamingContext> ssc_;
  std::shared_ptr<Progress> progress_;
};

// What an operation over input of type T gets: views in place of strings.
template <class T>
using InputRow = std::conditional_t<std::is_same_v<T, std::string>, std::string_view, T>;

template <class T>
using Batches = std::vector<std::vector<T>>;
// std::nullopt: a batch without an RDD.
template <class T>
using OptionalBatches = std::vector<std::optional<std::vector<T>>>;

// The batches of `input`, which must outlive the run, as a stream; empty batches after the last.
template <class T>
DStream<InputRow<T>> InputStream(BatchRun& run, const OptionalBatches<T>& input, int partitions,
                                 const graph::Where& where = graph::Where::current()) {
  const std::shared_ptr<graph::ContextCore> core = run.ssc().context().core();
  return DStream<InputRow<T>>(graph::QueueSource(
      run.ssc().graph(),
      [&input, core, partitions, where](const Batch& batch) -> absl::StatusOr<std::optional<graph::Rdd>> {
        static const std::vector<T> kNothing;
        const bool beyond = batch.id >= input.size();
        if (!beyond && !input[batch.id]) return std::optional<graph::Rdd>();
        const std::vector<T>& rows = beyond ? kNothing : *input[batch.id];
        return graph::Collection(core, "RunBatches", ops::EncodePartitions<T>(rows, rows.size(), partitions),
                                 ops::RowsOf<InputRow<T>>(), where);
      },
      where));
}

// Registers the output that keeps each batch's rows in `got`.
template <class U>
void KeepRows(const DStream<U>& stream, Batches<exec::StorageOf<U>>& got,
              const graph::Where& where = graph::Where::current()) {
  stream.ForEachRdd(
      [&got](const RDD<U>& rdd, const Batch& batch) -> absl::Status {
        auto rows = rdd.Collect();
        if (!rows.ok()) return rows.status();
        got[batch.id] = *std::move(rows);
        return absl::OkStatus();
      },
      where);
}

template <class T>
OptionalBatches<T> AsOptional(const Batches<T>& input) {
  return OptionalBatches<T>(input.begin(), input.end());
}

template <class U>
struct RowOfStream;
template <class U>
struct RowOfStream<DStream<U>> {
  using Type = U;
};

// Runs `operation` over `input`, one vector per batch, with the real engine on a manual clock; returns one
// vector of owning values per batch. The operation gets a DStream<std::string_view> for std::string input,
// else a DStream<T>. Chunks hold 1-3 rows whose text is overwritten when they have been consumed, so that a
// view which was kept fails the run: FailedPrecondition naming the operation. Other failures are returned as
// Start() or the failed batch tells them, and name the caller's line. The engine logs warnings and errors.
template <class T, class F>
auto RunBatches(const OptionalBatches<T>& input, F operation, RunBatchesOptions options = {},
                const graph::Where& where = graph::Where::current()) {
  using Stream = std::remove_cvref_t<std::invoke_result_t<F&, DStream<InputRow<T>>>>;
  using U = exec::StorageOf<typename RowOfStream<Stream>::Type>;
  const int num_batches = options.num_batches > 0 ? options.num_batches : static_cast<int>(input.size());
  Batches<U> got(static_cast<size_t>(num_batches));
  BatchRun run(options);
  KeepRows(operation(InputStream(run, input, options.input_partitions, where)), got, where);
  const absl::Status status = run.Run(num_batches);
  return status.ok() ? absl::StatusOr<Batches<U>>(std::move(got)) : absl::StatusOr<Batches<U>>(status);
}

template <class T, class F>
auto RunBatches(const Batches<T>& input, F operation, RunBatchesOptions options = {},
                const graph::Where& where = graph::Where::current()) {
  return RunBatches(AsOptional(input), std::move(operation), std::move(options), where);
}

// The same with two inputs.
template <class A, class B, class F>
requires(!std::is_same_v<std::decay_t<F>, RunBatchesOptions>) auto RunBatches(
    const OptionalBatches<A>& left, const OptionalBatches<B>& right, F operation,
    RunBatchesOptions options = {}, const graph::Where& where = graph::Where::current()) {
  using Stream = std::remove_cvref_t<std::invoke_result_t<F&, DStream<InputRow<A>>, DStream<InputRow<B>>>>;
  using U = exec::StorageOf<typename RowOfStream<Stream>::Type>;
  const size_t longest = left.size() > right.size() ? left.size() : right.size();
  const int num_batches = options.num_batches > 0 ? options.num_batches : static_cast<int>(longest);
  Batches<U> got(static_cast<size_t>(num_batches));
  BatchRun run(options);
  KeepRows(operation(InputStream(run, left, options.input_partitions, where),
                     InputStream(run, right, options.input_partitions, where)),
           got, where);
  const absl::Status status = run.Run(num_batches);
  return status.ok() ? absl::StatusOr<Batches<U>>(std::move(got)) : absl::StatusOr<Batches<U>>(status);
}

template <class A, class B, class F>
requires(!std::is_same_v<std::decay_t<F>, RunBatchesOptions>) auto RunBatches(
    const Batches<A>& left, const Batches<B>& right, F operation, RunBatchesOptions options = {},
    const graph::Where& where = graph::Where::current()) {
  return RunBatches(AsOptional(left), AsOptional(right), std::move(operation), std::move(options), where);
}

}  // namespace millstream::testing

#endif  // MILLSTREAM_TESTING_H_
