#include "executor/tasks/task_streams.h"

#include "executor/shuffle/input_streams.h"
#include "executor/tasks/cached_rows.h"

namespace millstream::executor {
namespace {

// One of many inputs: built when it is first pulled, given back when it is done, so that a task that reads a
// thousand partitions one after another holds one at a time.
class LateRows : public exec::ChunkStream {
 public:
  LateRows(TaskStreams& streams, int node, int partition)
      : streams_(streams), node_(node), partition_(partition) {}

  bool Next(exec::Chunk& chunk) override {
    if (done_) return false;
    if (rows_ == nullptr) rows_ = streams_.Rows(node_, partition_);
    if (rows_->Next(chunk)) return true;
    done_ = true;
    rows_.reset();
    return false;
  }

 private:
  TaskStreams& streams_;
  const int node_;
  const int partition_;
  std::unique_ptr<exec::ChunkStream> rows_;
  bool done_ = false;
};

const std::vector<plan::BlockLocation>& NoBlocks() {
  static const std::vector<plan::BlockLocation> none;
  return none;
}

}  // namespace

std::unique_ptr<exec::ChunkStream> TaskStreams::Rows(int node, int partition) {
  if (launch_.plan().node(node).cache) return std::make_unique<CachedRows>(*this, node, partition);
  return Computed(node, partition);
}

std::unique_ptr<exec::ChunkStream> TaskStreams::Computed(int index, int partition) {
  const PreparedNode& node = launch_.plan().node(index);
  if (node.kind != plan::NodeKind::kNarrow) {
    return Reader(node.kernel, node.operation.c_str(), Slices(node, partition));
  }
  exec::KernelArgs args;
  args.env = &env_;
  args.operation = node.operation.c_str();
  args.partition = partition;
  args.partitions = node.partitions;
  args.state = node.kernel.state;
  args.rows = node.kernel.kernel->rows;
  args.inputs = Inputs(node, partition);
  return node.kernel.kernel->make(std::move(args));
}

std::vector<std::unique_ptr<exec::ChunkStream>> TaskStreams::Inputs(const PreparedNode& node, int partition) {
  std::vector<std::unique_ptr<exec::ChunkStream>> inputs;
  for (const PreparedParent& parent : node.parents) {
    const PartitionRange range = launch_.plan().Reads(node, parent, partition);
    for (int p = range.first; p < range.first + range.count; ++p) {
      if (node.parents.size() == 1 && range.count == 1) {
        inputs.push_back(Rows(parent.node, p));
      } else {
        inputs.push_back(std::make_unique<LateRows>(*this, parent.node, p));
      }
    }
  }
  return inputs;
}

std::unique_ptr<exec::SliceStream> TaskStreams::Slices(const PreparedNode& node, int partition) {
  const StageSource& source = launch_.input(node.input);
  if (node.kind == plan::NodeKind::kShuffle) {
    return std::make_unique<ShuffleSlices>(parts_, launch_.fetched(), launch_.carried(), source.shuffle,
                                           partition);
  }
  const auto blocks = source.blocks.partitions.find(partition);
  return std::make_unique<BlockListSlices>(
      parts_, launch_.fetched(), launch_.carried(),
      blocks == source.blocks.partitions.end() ? NoBlocks() : blocks->second);
}

std::unique_ptr<exec::ChunkStream> TaskStreams::Writer(const PreparedClosure& kernel, const char* operation,
                                                       std::unique_ptr<exec::ChunkStream> rows,
                                                       exec::SliceSink& sink) {
  exec::KernelArgs args;
  args.env = &env_;
  args.operation = operation;
  args.state = kernel.state;
  args.rows = kernel.kernel->rows;
  args.inputs.push_back(std::move(rows));
  args.sink = &sink;
  return kernel.kernel->make(std::move(args));
}

std::unique_ptr<exec::ChunkStream> TaskStreams::Reader(const PreparedClosure& kernel, const char* operation,
                                                       std::unique_ptr<exec::SliceStream> slices) {
  exec::KernelArgs args;
  args.env = &env_;
  args.operation = operation;
  args.state = kernel.state;
  args.rows = kernel.kernel->rows;
  args.slices = std::move(slices);
  return kernel.kernel->make(std::move(args));
}

}  // namespace millstream::executor
