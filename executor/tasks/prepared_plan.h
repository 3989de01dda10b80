#ifndef MILLSTREAM_EXECUTOR_TASKS_PREPARED_PLAN_H_
#define MILLSTREAM_EXECUTOR_TASKS_PREPARED_PLAN_H_

#include <millstream/exec/kernel.h>
#include <millstream/exec/storage_level.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/plan/node.h"
#include "proto/plan.pb.h"

namespace millstream::executor {

// Code and its state.
struct PreparedClosure {
  const exec::KernelDescriptor* kernel = nullptr;  // null: none was given
  std::string state;
};

// A range of a parent's partitions.
struct PartitionRange {
  int first = 0;
  int count = 0;
};

struct PreparedParent {
  int node = 0;
  plan::Mapping mapping = plan::Mapping::kOneToOne;
  int first = 0;
};

struct PreparedCache {
  int slot = 0;  // index into Launch.caches
  StorageLevel level = StorageLevel::kNone;
  PreparedClosure encode;
  PreparedClosure decode;
};

struct PreparedNode {
  plan::NodeKind kind = plan::NodeKind::kNarrow;
  std::string operation;
  PreparedClosure kernel;
  std::vector<PreparedParent> parents;
  int partitions = 0;
  int input = 0;  // index into Launch.inputs
  std::optional<PreparedCache> cache;
};

// A stage plan with its kernels found and checked, once per plan. Immutable.
class PreparedPlan {
 public:
  // FailedPrecondition or InvalidArgument name the operation that does not fit.
  static absl::StatusOr<std::shared_ptr<const PreparedPlan>> Create(const proto::StagePlan& plan);

  const PreparedNode& node(int index) const { return nodes_[static_cast<size_t>(index)]; }
  int last() const { return static_cast<int>(nodes_.size()) - 1; }
  // The stage's tasks.
  int partitions() const { return nodes_.back().partitions; }

  // The partitions of `parent` that partition `p` of `child` reads.
  PartitionRange Reads(const PreparedNode& child, const PreparedParent& parent, int p) const;

  // Reports, in order, what task `p` reads from outside of the stage: (node, partition) of shuffles and
  // blocks. Parents of nodes that `skip` accepts are left out.
  using NodePartition = std::function<void(int node, int partition)>;
  using Skip = std::function<bool(const PreparedNode& node, int partition)>;
  void ForEachInput(int p, const Skip& skip, const NodePartition& visit) const;

  // The largest of the plan's indexes into Launch.inputs and Launch.caches, plus one.
  int inputs() const { return inputs_; }
  int caches() const { return caches_; }

  const PreparedClosure& output() const { return output_; }
  const std::string& output_operation() const { return output_operation_; }
  int output_partitions() const { return output_partitions_; }  // 0: a result
  size_t table_bytes() const { return table_bytes_; }

 private:
  PreparedPlan() = default;
  absl::Status Read(const proto::StagePlan& plan);
  absl::Status ReadNode(const proto::StagePlan& plan, const proto::PlanNode& from);
  absl::Status ReadParents(const proto::PlanNode& from, PreparedNode& node) const;
  absl::Status ReadCache(const proto::StagePlan& plan, const proto::Cache& from, uint64_t rows,
                         PreparedNode& node);
  // Checks what `node` reads against what its parents yield; returns the signature of its own rows, 0 if not
  // known.
  absl::StatusOr<uint64_t> CheckSignatures(const PreparedNode& node) const;
  void Visit(int node, int partition, const Skip& skip, const NodePartition& visit) const;

  std::vector<PreparedNode> nodes_;
  std::vector<uint64_t> rows_;  // per node: the signature of its rows
  PreparedClosure output_;
  std::string output_operation_;
  int output_partitions_ = 0;
  int inputs_ = 0;
  int caches_ = 0;
  size_t table_bytes_ = 0;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_TASKS_PREPARED_PLAN_H_
