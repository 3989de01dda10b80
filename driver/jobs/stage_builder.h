#ifndef MILLSTREAM_DRIVER_JOBS_STAGE_BUILDER_H_
#define MILLSTREAM_DRIVER_JOBS_STAGE_BUILDER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/plan/node.h"
#include "proto/plan.pb.h"

namespace millstream::driver {

using NodePtr = std::shared_ptr<const plan::Node>;

// The part of a lineage that one task runs through, and what its plan is bound to this time.
struct Stage {
  std::string plan_id;  // 16 bytes
  std::shared_ptr<const proto::StagePlan> plan;
  NodePtr shuffle;              // whose map side it is; null: its rows are the job's result
  std::vector<NodePtr> nodes;   // as plan->nodes: parents before children, each once
  std::vector<NodePtr> inputs;  // as the plan's inputs: kShuffle and kBlocks nodes
  std::vector<NodePtr> cached;  // as the plan's cache slots
  std::vector<std::vector<int>>
      parents;        // of nodes, as indices, in the order of Node::parents; none of a kShuffle
  std::string label;  // its operations, as errors name them
  int tasks = 0;
};

// The first building mistake in what `root` is made from, or a lineage that is no lineage.
absl::Status CheckLineage(const plan::Node& root);

// The stage that writes `shuffle`. Its plan is the same for the same lineage, whatever the nodes' ids.
Stage BuildMapStage(const NodePtr& shuffle, uint64_t table_bytes);
// The stage that computes `root` for the driver.
Stage BuildResultStage(const NodePtr& root, const std::string& operation, uint64_t table_bytes);

// Whether a partition of a node is kept somewhere, so that what is before it need not run.
using IsKept = std::function<bool(const plan::Node&, int partition)>;

// For each of the stage's nodes, the partitions that `tasks` (ascending) need, ascending. What is only needed
// by kept partitions is left out; an empty `kept` keeps nothing.
std::vector<std::vector<int>> NeededPartitions(const Stage& stage, const std::vector<int>& tasks,
                                               const IsKept& kept);

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_JOBS_STAGE_BUILDER_H_
