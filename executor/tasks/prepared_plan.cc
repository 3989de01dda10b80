#include "executor/tasks/prepared_plan.h"

#include <algorithm>

#include "common/plan/kernel_refs.h"

namespace millstream::executor {
namespace {

constexpr size_t kDefaultTableBytes = size_t{64} << 20;

absl::Status DoesNotFit(const std::string& operation, const std::string& why) {
  return absl::InvalidArgumentError("operation " + operation + ": " + why +
                                    ". Driver and executors must run the same build.");
}

absl::Status ResolveInto(const proto::StagePlan& plan, const proto::Closure& from,
                         const std::string& operation, PreparedClosure& to) {
  if (!from.has_kernel()) return absl::OkStatus();
  absl::StatusOr<const exec::KernelDescriptor*> kernel = plan::ResolveKernel(plan.modules(), from);
  if (!kernel.ok()) {
    return absl::Status(kernel.status().code(),
                        "operation " + operation + ": " + std::string(kernel.status().message()));
  }
  to.kernel = *kernel;
  to.state = from.state();
  return absl::OkStatus();
}

plan::NodeKind KindOf(proto::PlanNode::Kind kind) {
  switch (kind) {
    case proto::PlanNode::SHUFFLE:
      return plan::NodeKind::kShuffle;
    case proto::PlanNode::BLOCKS:
      return plan::NodeKind::kBlocks;
    default:
      return plan::NodeKind::kNarrow;
  }
}

plan::Mapping MappingOf(proto::Dependency::Mapping mapping) {
  switch (mapping) {
    case proto::Dependency::UNION:
      return plan::Mapping::kUnion;
    case proto::Dependency::COALESCE:
      return plan::Mapping::kCoalesce;
    default:
      return plan::Mapping::kOneToOne;
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<const PreparedPlan>> PreparedPlan::Create(const proto::StagePlan& plan) {
  std::shared_ptr<PreparedPlan> prepared(new PreparedPlan);
  absl::Status status = prepared->Read(plan);
  if (!status.ok()) return status;
  return prepared;
}

absl::Status PreparedPlan::Read(const proto::StagePlan& plan) {
  if (plan.nodes().empty()) return absl::InvalidArgumentError("a stage plan has no nodes");
  for (const proto::PlanNode& node : plan.nodes()) {
    absl::Status status = ReadNode(plan, node);
    if (!status.ok()) return status;
  }
  output_operation_ = plan.output_operation();
  output_partitions_ = static_cast<int>(plan.output_partitions());
  table_bytes_ = plan.table_bytes() == 0 ? kDefaultTableBytes : plan.table_bytes();
  if (plan.slot_map_version() > 1) return DoesNotFit(output_operation_, "its slot map is of a later version");
  absl::Status status = ResolveInto(plan, plan.output(), output_operation_, output_);
  if (!status.ok() || output_.kernel == nullptr) return status;
  const uint64_t wanted = output_.kernel->input_signature;
  if (wanted != 0 && rows_.back() != 0 && wanted != rows_.back()) {
    return DoesNotFit(output_operation_, "it reads other rows than " + nodes_.back().operation + " yields");
  }
  return absl::OkStatus();
}

absl::Status PreparedPlan::ReadNode(const proto::StagePlan& plan, const proto::PlanNode& from) {
  PreparedNode node;
  node.kind = KindOf(from.kind());
  node.operation = from.operation();
  node.partitions = static_cast<int>(from.partitions());
  node.input = static_cast<int>(from.input());
  if (node.kind != plan::NodeKind::kNarrow) inputs_ = std::max(inputs_, node.input + 1);
  absl::Status status = ResolveInto(plan, from.kernel(), node.operation, node.kernel);
  if (!status.ok()) return status;
  if (node.kernel.kernel == nullptr) return DoesNotFit(node.operation, "the plan leaves out its kernel");
  status = ReadParents(from, node);
  if (!status.ok()) return status;
  absl::StatusOr<uint64_t> rows = CheckSignatures(node);
  if (!rows.ok()) return rows.status();
  if (from.has_cache()) {
    status = ReadCache(plan, from.cache(), *rows, node);
    if (!status.ok()) return status;
  }
  rows_.push_back(*rows);
  nodes_.push_back(std::move(node));
  return absl::OkStatus();
}

absl::Status PreparedPlan::ReadParents(const proto::PlanNode& from, PreparedNode& node) const {
  for (const proto::Dependency& dependency : from.parents()) {
    if (dependency.node() >= nodes_.size())
      return DoesNotFit(node.operation, "the plan lists it before its parents");
    node.parents.push_back({static_cast<int>(dependency.node()), MappingOf(dependency.mapping()),
                            static_cast<int>(dependency.first())});
  }
  return absl::OkStatus();
}

absl::Status PreparedPlan::ReadCache(const proto::StagePlan& plan, const proto::Cache& from, uint64_t rows,
                                     PreparedNode& node) {
  PreparedCache cache;
  cache.slot = static_cast<int>(from.slot());
  cache.level = static_cast<StorageLevel>(from.level());
  caches_ = std::max(caches_, cache.slot + 1);
  absl::Status status = ResolveInto(plan, from.encode(), node.operation, cache.encode);
  if (!status.ok()) return status;
  status = ResolveInto(plan, from.decode(), node.operation, cache.decode);
  if (!status.ok()) return status;
  const exec::KernelDescriptor* encode = cache.encode.kernel;
  const exec::KernelDescriptor* decode = cache.decode.kernel;
  if (encode == nullptr || decode == nullptr) return DoesNotFit(node.operation, "its rows cannot be kept");
  if (rows != 0 && ((encode->input_signature != 0 && encode->input_signature != rows) ||
                    (decode->output_signature != 0 && decode->output_signature != rows))) {
    return DoesNotFit(node.operation, "its rows are kept as rows of another type");
  }
  node.cache = std::move(cache);
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> PreparedPlan::CheckSignatures(const PreparedNode& node) const {
  const exec::KernelDescriptor& kernel = *node.kernel.kernel;
  uint64_t inherited = 0;
  for (size_t i = 0; i < node.parents.size(); ++i) {
    const uint64_t rows = rows_[static_cast<size_t>(node.parents[i].node)];
    if (rows == 0) continue;
    const std::string& parent = nodes_[static_cast<size_t>(node.parents[i].node)].operation;
    // Kernels of two parents of different types name the first one's.
    if (kernel.input_signature != 0 && i == 0 && rows != kernel.input_signature) {
      return DoesNotFit(node.operation, "it reads other rows than " + parent + " yields");
    }
    // Kernels that know no type hand on what they read.
    if (kernel.input_signature == 0 && kernel.output_signature == 0 && inherited != 0 && rows != inherited) {
      return DoesNotFit(node.operation, "it joins rows of different types");
    }
    inherited = rows;
  }
  return kernel.output_signature != 0 ? kernel.output_signature : inherited;
}

PartitionRange PreparedPlan::Reads(const PreparedNode& child, const PreparedParent& parent, int p) const {
  const int count = node(parent.node).partitions;
  switch (parent.mapping) {
    case plan::Mapping::kUnion: {
      const int at = p - parent.first;
      return at >= 0 && at < count ? PartitionRange{at, 1} : PartitionRange{0, 0};
    }
    case plan::Mapping::kCoalesce: {
      const int64_t begin = int64_t{p} * count / child.partitions;
      const int64_t end = (int64_t{p} + 1) * count / child.partitions;
      return {static_cast<int>(begin), static_cast<int>(end - begin)};
    }
    default:
      return p < count ? PartitionRange{p, 1} : PartitionRange{0, 0};
  }
}

void PreparedPlan::ForEachInput(int p, const Skip& skip, const NodePartition& visit) const {
  Visit(last(), p, skip, visit);
}

void PreparedPlan::Visit(int index, int partition, const Skip& skip, const NodePartition& visit) const {
  const PreparedNode& at = node(index);
  if (at.cache && skip(at, partition)) return;
  if (at.kind != plan::NodeKind::kNarrow) visit(index, partition);
  for (const PreparedParent& parent : at.parents) {
    const PartitionRange range = Reads(at, parent, partition);
    for (int i = 0; i < range.count; ++i) Visit(parent.node, range.first + i, skip, visit);
  }
}

}  // namespace millstream::executor
