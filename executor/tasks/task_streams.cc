#include "executor/tasks/task_streams.h"

#include <millstream/exec/row_type.h>

#include "executor/shuffle/input_streams.h"
#include "executor/tasks/cached_rows.h"

namespace millstream::executor {
namespace {

// One of many inputs: built when it is first pulled, given back when it is done, so that a task that reads a
// thousand partitions one after another holds one at a time.
class LateRows : public exec::ChunkStream {
 public:
  LateRows(TaskStreams& streams, int node, int partition, bool as_views)
      : streams_(streams), node_(node), partition_(partition), as_views_(as_views) {}

  bool Next(exec::Chunk& chunk) override {
    if (done_) return false;
    if (rows_ == nullptr) rows_ = streams_.Rows(node_, partition_, as_views_);
    if (rows_->Next(chunk)) return true;
    done_ = true;
    rows_.reset();
    return false;
  }

 private:
  TaskStreams& streams_;
  const int node_;
  const int partition_;
  const bool as_views_;
  std::unique_ptr<exec::ChunkStream> rows_;
  bool done_ = false;
};

const std::vector<plan::BlockLocation>& NoBlocks() {
  static const std::vector<plan::BlockLocation> none;
  return none;
}

}  // namespace

std::unique_ptr<exec::ChunkStream> TaskStreams::Rows(int node, int partition, bool as_views) {
  if (launch_.plan().node(node).cache) {
    return std::make_unique<CachedRows>(*this, node, partition, as_views);
  }
  return Computed(node, partition, as_views);
}

std::unique_ptr<exec::ChunkStream> TaskStreams::Computed(int index, int partition, bool as_views) {
  const PreparedNode& node = launch_.plan().node(index);
  if (node.kind != plan::NodeKind::kNarrow) {
    return Reader(node.kernel, node.operation.c_str(), Slices(node, partition), as_views);
  }
  const bool reads_views = ReadsViews(node);
  const exec::KernelDescriptor& kernel = reads_views ? *node.kernel.kernel->over_views : *node.kernel.kernel;
  exec::KernelArgs args;
  args.env = &env_;
  args.operation = node.operation.c_str();
  args.partition = partition;
  args.partitions = node.partitions;
  args.state = node.kernel.state;
  args.rows = kernel.rows;
  args.inputs = Inputs(node, partition, reads_views);
  return kernel.make(std::move(args));
}

bool TaskStreams::ReadsViews(const PreparedNode& node) const {
  if (node.kernel.kernel->over_views == nullptr || node.parents.size() != 1) return false;
  const PreparedNode& parent = launch_.plan().node(node.parents[0].node);
  if (!parent.cache && parent.kind == plan::NodeKind::kNarrow) return false;
  const exec::RowType* const rows = (parent.cache ? parent.cache->decode : parent.kernel).kernel->rows;
  return rows != nullptr && rows->views != nullptr;
}

std::vector<std::unique_ptr<exec::ChunkStream>> TaskStreams::Inputs(const PreparedNode& node, int partition,
                                                                    bool as_views) {
  std::vector<std::unique_ptr<exec::ChunkStream>> inputs;
  for (const PreparedParent& parent : node.parents) {
    const PartitionRange range = launch_.plan().Reads(node, parent, partition);
    for (int p = range.first; p < range.first + range.count; ++p) {
      if (node.parents.size() == 1 && range.count == 1) {
        inputs.push_back(Rows(parent.node, p, as_views));
      } else {
        inputs.push_back(std::make_unique<LateRows>(*this, parent.node, p, as_views));
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
                                                       std::unique_ptr<exec::SliceStream> slices,
                                                       bool as_views) {
  exec::KernelArgs args;
  args.env = &env_;
  args.operation = operation;
  args.state = kernel.state;
  args.rows = as_views ? kernel.kernel->rows->views : kernel.kernel->rows;
  args.slices = std::move(slices);
  return kernel.kernel->make(std::move(args));
}

}  // namespace millstream::executor
