#ifndef MILLSTREAM_STREAMING_CONTEXT_H_
#define MILLSTREAM_STREAMING_CONTEXT_H_

#include <millstream/batch_queue.h>
#include <millstream/config.h>
#include <millstream/context.h>
#include <millstream/dstream.h>
#include <millstream/exec/clock.h>
#include <millstream/exec/receiver.h>
#include <millstream/exec/type_name.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millstream {

enum class StreamingContextState { kInitialized, kActive, kStopped };

// How a text source's bytes become rows.
enum class Split {
  kLines,  // at \n; one \r before it is dropped; the last line needs no \n
};

struct SocketTextOptions {
  StorageLevel storage_level = StorageLevel::kMemoryAndDiskSer2;  // of received blocks
  Split split = Split::kLines;
};

struct ReceiverOptions {
  StorageLevel storage_level = StorageLevel::kMemoryAndDiskSer2;  // of received blocks
};

struct StopOptions {
  bool stop_context = true;  // also stop the Context
  bool graceful = false;     // process everything that was received first
};

// A streaming program: sources, operations and outputs, run once per batch interval (Spark's
// StreamingContext). Built by one thread, then started once; Start, Stop and Await may be called by any.
class StreamingContext {
 public:
  using Where = graph::Where;

  // Makes a Context of its own. `interval` at least 1 ms.
  StreamingContext(const Config& config, std::chrono::milliseconds interval, Clock& clock = SystemClock());
  // Runs on `context`, which outlives it and is not stopped with it unless Stop says so.
  StreamingContext(Context& context, std::chrono::milliseconds interval, Clock& clock = SystemClock());
  // Stops at once what still runs.
  ~StreamingContext();
  StreamingContext(const StreamingContext&) = delete;
  StreamingContext& operator=(const StreamingContext&) = delete;

  Context& context() { return *context_; }
  StreamingContextState State() const;
  const std::shared_ptr<graph::StreamGraph>& graph() const { return graph_; }

  // Begins to receive and to run batches. Returns the first mistake made while building, with the file and
  // line of the user's call. FailedPrecondition: active already (nothing changes), stopped, no output
  // operation, or another context of the process is active. ResourceExhausted: too few cores for the
  // receivers and one task; says how many.
  absl::Status Start();

  // Waits until it is stopped (OK) or failed (the first failed batch's error, naming batch, operation and
  // cause).
  absl::Status AwaitTermination();
  // The same for at most `timeout`: true if it was stopped, false if it still runs.
  absl::StatusOr<bool> AwaitTerminationOrTimeout(std::chrono::milliseconds timeout);

  // Returns when all has stopped; the first thing that was built too late, if any. Idempotent.
  absl::Status Stop(StopOptions options = {});

  // --- Sources

  // Lines of text from a TCP server, to which one executor connects, again after
  // millstream.streaming.receiverRestartDelay whenever the connection fails or ends. Rows view the received
  // block.
  DStream<std::string_view> SocketTextStream(const std::string& host, int port,
                                             SocketTextOptions options = {},
                                             const Where& where = Where::current());

  // Blocks of rows from a TCP server, each [int32 length, big-endian][rows as Codec<T> encodes them, one
  // after another]; otherwise like SocketTextStream. Blocks longer than millstream.streaming.maxRecordSize
  // are dropped and counted; bytes that are no rows fail the batch.
  template <class T>
  DStream<T> RawSocketStream(const std::string& host, int port, const ReceiverOptions& options = {},
                             const Where& where = Where::current()) {
    exec::RequireCodec<T>();
    return DStream<T>(
        graph::RawSocketSource(graph_, host, port, ReceivedRowsOf<T>(options.storage_level), where));
  }

  // What `receiver` stores. A receiver is a codec-able object whose fields travel to one executor, where a
  // thread of its own, on a core of its own, calls
  //
  //   void Receive(ms::ReceiverSink<T>& sink) const;
  //
  // which stores rows until sink.Stopped(). Whenever it returns earlier or throws, that is logged, and it is
  // called again after millstream.streaming.receiverRestartDelay; when its executor is lost, on another one.
  // Executors get one receiver each before any gets two. If it has a function `std::string PreferredHost()
  // const`, which is called here, it goes to an executor that advertises that host, if one has a free core.
  template <class T, class Receiver>
  DStream<T> ReceiverStream(const Receiver& receiver, const ReceiverOptions& options = {},
                            const Where& where = Where::current()) {
    exec::RequireReceiver<Receiver, T>();
    graph::Closure closure;
    std::string host;
    if constexpr (exec::kIsReceiver<Receiver, T>) {
      closure = ops::Native<exec::ReceiverKernel<Receiver, T>, void, T>(ops::StateOf(receiver));
      if constexpr (requires(Receiver & any) { any.PreferredHost(); }) host = receiver.PreferredHost();
    }
    return DStream<T>(graph::ReceiverSource(graph_, exec::TypeName<Receiver>(), std::move(closure),
                                            std::move(host), ReceivedRowsOf<T>(options.storage_level),
                                            where));
  }

  // One entry of the queue per batch.
  template <class T>
  DStream<T> QueueStream(const BatchQueue<T>& queue, QueueStreamOptions<T> options = {},
                         const Where& where = Where::current()) {
    Context* const context = context_;
    return DStream<T>(graph::QueueSource(
        graph_,
        [queue, options = std::move(options), context,
         where](const Batch&) -> absl::StatusOr<std::optional<graph::Rdd>> {
          std::vector<RDD<T>> rdds;
          for (std::optional<typename BatchQueue<T>::Entry> entry; (entry = queue.Pop());) {
            rdds.push_back(entry->rdd ? std::move(entry->rdd)
                                      : context->Parallelize(entry->rows, options.num_partitions, where)
                                            .template TextAs<T>(where));
            if (options.one_at_a_time) break;
          }
          if (rdds.size() == 1) return rdds[0].untyped();
          if (!rdds.empty()) return context->Union(rdds, where).untyped();
          if (options.default_rdd) {
            if (!*options.default_rdd) return std::optional<graph::Rdd>();
            return options.default_rdd->untyped();
          }
          return context->EmptyRdd<T>(where).untyped();
        },
        where));
  }

  // The rows of all; any range of DStream<T>.
  template <std::ranges::input_range Streams>
  auto Union(const Streams& streams, const Where& where = Where::current()) {
    using Handle = std::ranges::range_value_t<Streams>;
    return UnionOf(static_cast<const Handle*>(nullptr), Untyped(streams), where);
  }
  template <class T>
  DStream<T> Union(std::initializer_list<DStream<T>> streams, const Where& where = Where::current()) {
    return Union(std::vector<DStream<T>>(streams), where);
  }

  // Any operation over the batch's RDDs of several streams of one type: `f`, which may capture, gets a
  // std::span<const RDD<T>> (and the Batch) on the driver and returns an RDD.
  template <std::ranges::input_range Streams, class F>
  auto Transform(const Streams& streams, F f, const Where& where = Where::current()) {
    using Handle = std::ranges::range_value_t<Streams>;
    return TransformOf(static_cast<const Handle*>(nullptr), Untyped(streams), std::move(f), where);
  }
  template <class T, class F>
  auto Transform(std::initializer_list<DStream<T>> streams, F f, const Where& where = Where::current()) {
    return Transform(std::vector<DStream<T>>(streams), std::move(f), where);
  }

 private:
  template <class T>
  static graph::ReceivedRows ReceivedRowsOf(StorageLevel level) {
    graph::ReceivedRows rows{.kernels = ops::RowsOf<T>(), .level = level};
    if constexpr (exec::HasCodec<T>) rows.read = &exec::kDecodeKernel<T>;
    return rows;
  }
  template <class Streams>
  static std::vector<graph::Stream> Untyped(const Streams& streams) {
    std::vector<graph::Stream> all;
    std::ranges::transform(streams, std::back_inserter(all),
                           [](const auto& stream) { return stream.untyped(); });
    return all;
  }
  template <class T>
  DStream<T> UnionOf(const DStream<T>*, const std::vector<graph::Stream>& parents, const Where& where) {
    return DStream<T>(graph::Union(graph_, parents, ops::RowsOf<T>(), where));
  }
  template <class T, class F>
  auto TransformOf(const DStream<T>*, const std::vector<graph::Stream>& parents, F f, const Where& where) {
    using Result = ops::BatchResult<F, std::span<const RDD<T>>>;
    using U = typename ops::RowOfRdd<std::remove_cvref_t<Result>>::Type;
    return DStream<U>(graph::Transform(
        graph_, parents, "Transform",
        [f = std::make_shared<F>(std::move(f))](std::span<const graph::Rdd> rdds, const Batch& batch) {
          const std::vector<RDD<T>> typed(rdds.begin(), rdds.end());
          return ops::BuildRdd("Transform", *f, batch, std::span<const RDD<T>>(typed));
        },
        where));
  }

  std::unique_ptr<Context> own_context_;
  Context* context_;
  std::shared_ptr<graph::StreamGraph> graph_;
};

}  // namespace millstream

#endif  // MILLSTREAM_STREAMING_CONTEXT_H_
