#include "client/sources/received.h"

#include <string>
#include <utility>

#include "client/context/context_core.h"
#include "common/plan/node.h"

namespace millstream::graph {
namespace {

// A batch's blocks of one stream as an RDD: each partition reads a run of them.
Rdd ReceivedRdd(StreamGraph& graph, const StreamNode& stream, const plan::StreamInput& input,
                const ReceivedRows& rows) {
  auto node = std::make_shared<plan::Node>();
  node->kind = plan::NodeKind::kBlocks;
  node->operation = stream.operation;
  node->where = stream.where;
  node->kernel.kernel = rows.read;
  node->encode.kernel = rows.kernels.encode;
  node->decode.kernel = rows.kernels.decode;
  node->partitions = graph.partitions_per_receiver();
  node->blocks.resize(static_cast<size_t>(node->partitions));
  const size_t count = input.blocks.size();
  for (size_t p = 0; p < node->blocks.size(); ++p) {
    const size_t begin = count * p / node->blocks.size(), end = count * (p + 1) / node->blocks.size();
    node->blocks[p].assign(input.blocks.begin() + static_cast<ptrdiff_t>(begin),
                           input.blocks.begin() + static_cast<ptrdiff_t>(end));
  }
  return {std::move(node), graph.context()};
}

}  // namespace

Stream ReceivedStream(const std::shared_ptr<StreamGraph>& graph, const char* operation,
                      plan::ReceiverSpec spec, const ReceivedRows& rows, const Where& where) {
  std::shared_ptr<StreamNode> node = graph->Add(operation, where);
  if (rows.level == StorageLevel::kNone) {
    graph->Record(
        absl::InvalidArgumentError(spec.label + ": storage level kNone keeps nothing until its batch. "
                                                "Choose another one"),
        where);
  }
  spec.level = rows.level;
  const StreamId stream = graph->AddReceiver(std::move(spec));
  // The node outlives every call of `build`, which it owns.
  node->build = [graph = graph.get(), node = node.get(), stream, rows](
                    const plan::BatchRecord& record, const Batch&) -> absl::StatusOr<BatchRdd> {
    for (const plan::StreamInput& input : record.inputs) {
      if (input.stream == stream) return ReceivedRdd(*graph, *node, input, rows);
    }
    return absl::InternalError("batch " + std::to_string(Number(record.id)) + " has no input of stream " +
                               std::to_string(Number(stream)));
  };
  return {std::move(node), graph};
}

Stream ReceiverSource(const std::shared_ptr<StreamGraph>& graph, std::string_view name, Closure receiver,
                      std::string preferred_host, const ReceivedRows& rows, const Where& where) {
  return ReceivedStream(graph, "ReceiverStream",
                        {.state = std::move(receiver.state),
                         .label = "ReceiverStream " + std::string(name),
                         .kernel = receiver.kernel,
                         .preferred_host = std::move(preferred_host)},
                        rows, where);
}

}  // namespace millstream::graph
