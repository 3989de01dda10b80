// Streams as functions from a batch to its RDD: what each operation adds to the graph.
#include <millstream/exec/builtin_kernels.h>
#include <millstream/steps.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "client/context/stream_graph.h"
#include "common/plan/node.h"

namespace millstream::graph {
namespace {

absl::Status NoRdd(const char* what, const Batch& batch) {
  return absl::FailedPreconditionError(std::string(what) + " at time " + std::to_string(batch.time) + " ms");
}

// The parents' RDDs of a batch, all of which must exist.
absl::StatusOr<std::vector<Rdd>> ParentRdds(StreamGraph& graph,
                                            const std::vector<std::shared_ptr<StreamNode>>& parents,
                                            const char* refusal, const plan::BatchRecord& record,
                                            const Batch& batch) {
  std::vector<Rdd> rdds;
  for (const std::shared_ptr<StreamNode>& parent : parents) {
    absl::StatusOr<BatchRdd> rdd = graph.RddOf(*parent, record, batch);
    if (!rdd.ok()) return rdd.status();
    if (!rdd->has_value()) return NoRdd(refusal, batch);
    rdds.push_back(**std::move(rdd));
  }
  return rdds;
}

std::vector<std::shared_ptr<StreamNode>> NodesOf(std::span<const Stream> streams) {
  std::vector<std::shared_ptr<StreamNode>> nodes;
  for (const Stream& stream : streams) nodes.push_back(stream.node);
  return nodes;
}

// False, and the mistake recorded, if the streams cannot be combined.
bool Combinable(StreamGraph& graph, const char* name, std::span<const Stream> parents, const Where& where) {
  if (parents.empty()) {
    graph.Record(absl::InvalidArgumentError(std::string(name) + ": no streams given. Pass at least one"),
                 where);
    return false;
  }
  for (const Stream& parent : parents) {
    if (parent.graph.get() != &graph) {
      graph.Record(
          absl::InvalidArgumentError(std::string(name) + ": Some of the DStreams have different contexts"),
          where);
      return false;
    }
  }
  return true;
}

struct Sum {
  std::vector<int64_t> operator()(Reader<int64_t>& counts) const {
    int64_t total = 0;
    for (const int64_t count : counts) total += count;
    return {total};
  }
};

}  // namespace

// The graph outlives every call of `build`: batches run only while its StreamingContext lives.
Stream Apply(const Stream& parent, const Operation& operation) {
  auto node = parent.graph->Add(operation.name, operation.where);
  if (operation.num_partitions && *operation.num_partitions < 1) {
    parent.graph->Record(
        absl::InvalidArgumentError(std::string(operation.name) +
                                   ": Number of partitions must be positive. Ask for at least 1"),
        operation.where);
  }
  node->build = [graph = parent.graph.get(), from = parent.node, operation](
                    const plan::BatchRecord& record, const Batch& batch) -> absl::StatusOr<BatchRdd> {
    absl::StatusOr<BatchRdd> rdd = graph->RddOf(*from, record, batch);
    if (!rdd.ok() || !rdd->has_value()) return rdd;
    if (operation.shuffle_write.kernel == nullptr || operation.num_partitions) return Apply(**rdd, operation);
    // Unlike an RDD's, a stream's shuffle has the default parallelism (Spark's PairDStreamFunctions).
    Operation shuffle = operation;
    shuffle.num_partitions = graph->context()->default_parallelism();
    return Apply(**rdd, shuffle);
  };
  return {std::move(node), parent.graph};
}

Stream Union(const std::shared_ptr<StreamGraph>& graph, std::span<const Stream> parents,
             const RowKernels& rows, const Where& where) {
  auto node = graph->Add("Union", where);
  if (!Combinable(*graph, "Union", parents, where)) return {std::move(node), graph};
  node->build = [graph = graph.get(), from = NodesOf(parents), rows, where](
                    const plan::BatchRecord& record, const Batch& batch) -> absl::StatusOr<BatchRdd> {
    auto rdds = ParentRdds(*graph, from, "Could not generate RDD from a parent for unifying", record, batch);
    if (!rdds.ok()) return rdds.status();
    return Union(*rdds, rows, where);
  };
  return {std::move(node), graph};
}

Stream Count(const Stream& stream, const Where& where) {
  const Stream counts = Apply(
      stream,
      {.name = "Count", .where = where, .kernel = {&exec::kCountKernel, {}}, .rows = ops::RowsOf<int64_t>()});
  const Stream gathered = Apply(counts, ops::Deal<int64_t>("Count", 1, where).operation);
  return Apply(gathered, ops::MapPartitions<int64_t>("Count", Sum{}, where).operation);
}

Stream Transform(const std::shared_ptr<StreamGraph>& graph, std::span<const Stream> parents, const char* name,
                 BatchFunction f, const Where& where) {
  auto node = graph->Add(name, where);
  if (!Combinable(*graph, name, parents, where)) return {std::move(node), graph};
  node->build = [graph = graph.get(), from = NodesOf(parents), f = std::move(f)](
                    const plan::BatchRecord& record, const Batch& batch) -> absl::StatusOr<BatchRdd> {
    auto rdds = ParentRdds(*graph, from, "Couldn't generate RDD from parent", record, batch);
    if (!rdds.ok()) return rdds.status();
    absl::StatusOr<Rdd> built = f(*rdds, batch);
    if (!built.ok()) return built.status();
    return *std::move(built);
  };
  return {std::move(node), graph};
}

void Persist(const Stream& stream, StorageLevel level, const Where& where) {
  if (stream.graph->state() != StreamingContextState::kInitialized) {
    stream.graph->Record(
        absl::FailedPreconditionError(
            "Persist: Cannot change storage level of a DStream after streaming context has started"),
        where);
    return;
  }
  stream.node->storage = level;
}

void Name(const Stream& stream, std::string_view name) {
  // What is built too late is refused already, and what runs is not to be touched.
  if (stream.graph->state() == StreamingContextState::kInitialized) stream.node->name = name;
}

void Output(const Stream& stream, const char* name, OutputFunction f, const Where& where) {
  stream.graph->AddOutput(stream.node, name, std::move(f), where);
}

Stream QueueSource(const std::shared_ptr<StreamGraph>& graph, SourceFunction f, const Where& where) {
  auto node = graph->Add("QueueStream", where);
  node->build = [f = std::move(f)](const plan::BatchRecord&, const Batch& batch) { return f(batch); };
  return {std::move(node), graph};
}

}  // namespace millstream::graph
