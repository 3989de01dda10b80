#ifndef MILLSTREAM_CLIENT_CONTEXT_STREAM_GRAPH_H_
#define MILLSTREAM_CLIENT_CONTEXT_STREAM_GRAPH_H_

#include <millstream/exec/clock.h>
#include <millstream/graph.h>
#include <millstream/streaming_context.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/context/context_core.h"
#include "common/plan/streaming.h"

namespace millstream::graph {

// A batch's RDD, or none.
using BatchRdd = std::optional<Rdd>;

// One stream: how each batch's RDD is built, and the one it built last.
struct StreamNode {
  std::string operation;
  std::string name;  // from Named(), else empty
  std::string where;
  StorageLevel storage = StorageLevel::kNone;
  std::function<absl::StatusOr<BatchRdd>(const plan::BatchRecord&, const Batch&)> build;

  // Two users of a stream in one batch get one RDD.
  std::optional<BatchId> built_for;
  BatchRdd built;
};

// What a StreamingContext was told: sources, streams, outputs; and the batches it runs. Building happens on
// one thread, before Start(); the rest is thread-safe.
class StreamGraph : public std::enable_shared_from_this<StreamGraph> {
 public:
  StreamGraph(std::shared_ptr<ContextCore> context, std::chrono::milliseconds interval, Clock& clock);

  const std::shared_ptr<ContextCore>& context() const { return context_; }

  // Keeps the first mistake; Start() returns it. Once started, it is logged and Stop() returns it.
  void Record(const absl::Status& mistake, const Where& where);
  std::shared_ptr<StreamNode> Add(const char* operation, const Where& where);
  // Declares a receiver; returns its stream.
  StreamId AddReceiver(plan::ReceiverSpec receiver);
  void AddOutput(const std::shared_ptr<StreamNode>& stream, const char* name, OutputFunction f,
                 const Where& where);

  // Tasks per receiver stream and batch.
  int partitions_per_receiver() const { return partitions_per_receiver_; }

  absl::StatusOr<BatchRdd> RddOf(StreamNode& stream, const plan::BatchRecord& record, const Batch& batch);

  StreamingContextState state() const;
  absl::Status Start();
  absl::Status Stop(bool stop_context, bool graceful);
  std::optional<absl::Status> Await(std::optional<std::chrono::milliseconds> timeout);
  // Ends the batches on behalf of a signal: gracefully if configured.
  void StopForSignal();

 private:
  struct OutputOperation {
    std::shared_ptr<StreamNode> stream;
    std::string name;
    std::string where;
    OutputFunction run;
  };

  // With mutex_ held.
  void SetState(StreamingContextState state);
  absl::Status Validate() const;
  plan::StreamingRequest Request();
  absl::Status RunBatch(const plan::BatchRecord& record);

  const std::shared_ptr<ContextCore> context_;
  const std::chrono::milliseconds interval_;
  const std::string interval_text_;
  Clock& clock_;

  std::vector<std::shared_ptr<StreamNode>> streams_;
  std::vector<OutputOperation> outputs_;
  std::vector<plan::ReceiverSpec> receivers_;
  int partitions_per_receiver_ = 1;  // constant once started

  mutable std::mutex mutex_;         // protects everything below
  std::condition_variable changed_;  // of state_
  StreamingContextState state_ = StreamingContextState::kInitialized;
  absl::Status mistake_;
  absl::Status late_mistake_;
  std::optional<absl::Status> outcome_;
};

// The StreamingContext whose batches run, for signals. Null: none.
std::shared_ptr<StreamGraph> ActiveGraph();

}  // namespace millstream::graph

#endif  // MILLSTREAM_CLIENT_CONTEXT_STREAM_GRAPH_H_
