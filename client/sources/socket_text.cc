#include <millstream/exec/builtin_kernels.h>
#include <millstream/exec/encoder.h>
#include <millstream/streaming_context.h>

#include <string>
#include <utility>

#include "client/context/context_core.h"
#include "client/context/stream_graph.h"
#include "common/plan/node.h"

namespace millstream {
namespace {

// A batch's blocks of one stream as an RDD: each partition reads a run of them.
graph::Rdd ReceivedRdd(const std::shared_ptr<graph::ContextCore>& context, const plan::StreamInput& input,
                       int partitions, const graph::RowKernels& rows, const std::string& where) {
  auto node = std::make_shared<plan::Node>();
  node->kind = plan::NodeKind::kBlocks;
  node->operation = "SocketTextStream";
  node->where = where;
  node->kernel.kernel = &exec::kSplitLinesKernel;
  node->encode.kernel = rows.encode;
  node->decode.kernel = rows.decode;
  node->partitions = partitions;
  node->blocks.resize(static_cast<size_t>(partitions));
  const size_t count = input.blocks.size();
  for (size_t p = 0; p < node->blocks.size(); ++p) {
    const size_t begin = count * p / node->blocks.size(), end = count * (p + 1) / node->blocks.size();
    node->blocks[p].assign(input.blocks.begin() + static_cast<ptrdiff_t>(begin),
                           input.blocks.begin() + static_cast<ptrdiff_t>(end));
  }
  return {std::move(node), context};
}

}  // namespace

DStream<std::string_view> StreamingContext::SocketTextStream(const std::string& host, int port,
                                                             SocketTextOptions options, const Where& where) {
  std::shared_ptr<graph::StreamNode> node = graph_->Add("SocketTextStream", where);
  const std::string label = "SocketTextStream " + host + ":" + std::to_string(port);
  if (port < 1 || port > 65535) {
    graph_->Record(absl::InvalidArgumentError(label + ": no such port. Give one from 1 to 65535"), where);
  }
  if (host.empty())
    graph_->Record(absl::InvalidArgumentError(label + ": no host given. Name one, localhost say"), where);
  exec::Encoder state;
  state.PutVarint(host.size());
  state.PutBytes(host);
  state.PutVarint(static_cast<uint64_t>(port));
  const StreamId stream = graph_->AddReceiver({.stream = {},
                                               .kind = "socket_text",
                                               .state = state.Take(),
                                               .label = label,
                                               .level = options.storage_level});
  node->build = [graph = graph_.get(), stream, where = node->where](
                    const plan::BatchRecord& record, const Batch&) -> absl::StatusOr<graph::BatchRdd> {
    for (const plan::StreamInput& input : record.inputs) {
      if (input.stream != stream) continue;
      return ReceivedRdd(graph->context(), input, graph->partitions_per_receiver(),
                         ops::RowsOf<std::string_view>(), where);
    }
    return absl::InternalError("batch " + std::to_string(Number(record.id)) + " has no input of stream " +
                               std::to_string(Number(stream)));
  };
  return DStream<std::string_view>({std::move(node), graph_});
}

}  // namespace millstream
