#include "driver/jobs/stage_builder.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/plan/kernel_refs.h"
#include "common/plan/stage_plan_id.h"

namespace millstream::driver {
namespace {

using plan::Mapping;
using plan::Node;
using plan::NodeKind;

absl::Status CheckNode(const Node& node) {
  if (!node.error.ok()) return node.error;
  const auto malformed = [&](const std::string& cause) {
    return absl::InternalError(node.label() + " (" + node.where + "): " + cause);
  };
  if (node.kind == NodeKind::kShuffle && node.parents.size() != 1)
    return malformed("a shuffle reads one parent");
  if (node.kind == NodeKind::kBlocks && !node.parents.empty()) return malformed("blocks have no parent");
  for (const plan::Dependency& dependency : node.parents) {
    if (dependency.parent == nullptr) return malformed("a parent is missing");
    const int parents = dependency.parent->partitions;
    if (node.kind == NodeKind::kShuffle) continue;
    if (dependency.mapping == Mapping::kOneToOne && parents != node.partitions) {
      return malformed(std::to_string(node.partitions) + " partitions read " + std::to_string(parents));
    }
    if (dependency.mapping == Mapping::kUnion && dependency.first + parents > node.partitions) {
      return malformed("a union has too few partitions");
    }
  }
  return absl::OkStatus();
}

// The nodes one task runs through, parents before children, each once. Depth first without recursion:
// lineages grow long.
std::vector<NodePtr> NarrowLineage(const NodePtr& last) {
  std::vector<NodePtr> order;
  std::unordered_set<const Node*> seen{last.get()};
  std::vector<std::pair<NodePtr, size_t>> path{{last, 0}};
  while (!path.empty()) {
    auto& [node, next] = path.back();
    if (node->kind == NodeKind::kShuffle || next == node->parents.size()) {
      order.push_back(node);
      path.pop_back();
      continue;
    }
    const NodePtr& parent = node->parents[next++].parent;
    if (seen.insert(parent.get()).second) path.emplace_back(parent, 0);
  }
  return order;
}

proto::Dependency::Mapping Encoded(Mapping mapping) {
  switch (mapping) {
    case Mapping::kOneToOne:
      return proto::Dependency::ONE_TO_ONE;
    case Mapping::kUnion:
      return proto::Dependency::UNION;
    case Mapping::kCoalesce:
      return proto::Dependency::COALESCE;
  }
  return proto::Dependency::ONE_TO_ONE;
}

void AddParents(const Node& node, const std::unordered_map<const Node*, int>& index, Stage& stage,
                proto::PlanNode& encoded) {
  for (const plan::Dependency& dependency : node.parents) {
    const int parent = index.at(dependency.parent.get());
    stage.parents.back().push_back(parent);
    proto::Dependency* added = encoded.add_parents();
    added->set_node(static_cast<uint32_t>(parent));
    added->set_mapping(Encoded(dependency.mapping));
    added->set_first(static_cast<uint32_t>(dependency.first));
  }
}

void AddNode(const NodePtr& node, const std::unordered_map<const Node*, int>& index, Stage& stage,
             proto::StagePlan& plan) {
  proto::PlanNode& encoded = *plan.add_nodes();
  stage.nodes.push_back(node);
  stage.parents.emplace_back();
  encoded.set_operation(node->label());
  encoded.set_partitions(static_cast<uint32_t>(node->partitions));
  plan::EncodeClosure(node->kernel, *plan.mutable_modules(), *encoded.mutable_kernel());
  if (node->kind == NodeKind::kNarrow) {
    encoded.set_kind(proto::PlanNode::NARROW);
    AddParents(*node, index, stage, encoded);
  } else {
    encoded.set_kind(node->kind == NodeKind::kShuffle ? proto::PlanNode::SHUFFLE : proto::PlanNode::BLOCKS);
    encoded.set_input(static_cast<uint32_t>(stage.inputs.size()));
    stage.inputs.push_back(node);
  }
  const StorageLevel level = node->storage.load(std::memory_order_relaxed);
  if (level == StorageLevel::kNone || node->encode.kernel == nullptr) return;
  proto::Cache& cache = *encoded.mutable_cache();
  cache.set_slot(static_cast<uint32_t>(stage.cached.size()));
  cache.set_level(static_cast<uint32_t>(level));
  plan::EncodeClosure(node->encode, *plan.mutable_modules(), *cache.mutable_encode());
  plan::EncodeClosure(node->decode, *plan.mutable_modules(), *cache.mutable_decode());
  stage.cached.push_back(node);
}

Stage Build(const NodePtr& last, const plan::Closure& output, const std::string& operation,
            int output_partitions, uint64_t table_bytes) {
  Stage stage;
  auto plan = std::make_shared<proto::StagePlan>();
  std::unordered_map<const Node*, int> index;
  for (const NodePtr& node : NarrowLineage(last)) {
    AddNode(node, index, stage, *plan);
    index.emplace(node.get(), static_cast<int>(index.size()));
    stage.label += node->label() + " -> ";
  }
  stage.label += operation;
  stage.tasks = last->partitions;
  plan::EncodeClosure(output, *plan->mutable_modules(), *plan->mutable_output());
  plan->set_output_operation(operation);
  plan->set_output_partitions(static_cast<uint32_t>(output_partitions));
  plan->set_slot_map_version(1);
  plan->set_table_bytes(table_bytes);
  stage.plan_id = plan::StagePlanId(*plan);
  stage.plan = std::move(plan);
  return stage;
}

void Merge(const std::vector<int>& more, std::vector<int>& into) {
  if (into.empty()) {
    into = more;
    return;
  }
  std::vector<int> merged;
  merged.reserve(into.size() + more.size());
  std::set_union(into.begin(), into.end(), more.begin(), more.end(), std::back_inserter(merged));
  into = std::move(merged);
}

// The parent's partitions that `partitions` of `node` read.
std::vector<int> ReadThrough(const Node& node, const plan::Dependency& dependency,
                             const std::vector<int>& partitions) {
  if (dependency.mapping == Mapping::kOneToOne) return partitions;
  const int64_t parents = dependency.parent->partitions;
  std::vector<int> read;
  for (const int p : partitions) {
    if (dependency.mapping == Mapping::kUnion) {
      if (p >= dependency.first && p - dependency.first < parents) read.push_back(p - dependency.first);
      continue;
    }
    const int64_t end = (int64_t{p} + 1) * parents / node.partitions;
    for (int64_t q = int64_t{p} * parents / node.partitions; q < end; ++q)
      read.push_back(static_cast<int>(q));
  }
  return read;
}

}  // namespace

absl::Status CheckLineage(const Node& root) {
  std::unordered_set<const Node*> seen{&root};
  std::vector<const Node*> open{&root};
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    if (absl::Status status = CheckNode(*node); !status.ok()) return status;
    for (const plan::Dependency& dependency : node->parents) {
      if (seen.insert(dependency.parent.get()).second) open.push_back(dependency.parent.get());
    }
  }
  return absl::OkStatus();
}

Stage BuildMapStage(const NodePtr& shuffle, uint64_t table_bytes) {
  Stage stage = Build(shuffle->parents.front().parent, shuffle->shuffle_write, shuffle->label(),
                      shuffle->partitions, table_bytes);
  stage.shuffle = shuffle;
  return stage;
}

Stage BuildResultStage(const NodePtr& root, const std::string& operation, uint64_t table_bytes) {
  return Build(root, root->encode, operation, 0, table_bytes);
}

std::vector<std::vector<int>> NeededPartitions(const Stage& stage, const std::vector<int>& tasks,
                                               const IsKept& kept) {
  std::vector<std::vector<int>> needed(stage.nodes.size());
  if (!needed.empty()) needed.back() = tasks;
  for (size_t i = stage.nodes.size(); i-- > 0;) {
    const Node& node = *stage.nodes[i];
    if (kept) std::erase_if(needed[i], [&](int p) { return kept(node, p); });
    if (needed[i].empty()) continue;
    for (size_t d = 0; d < stage.parents[i].size(); ++d) {
      Merge(ReadThrough(node, node.parents[d], needed[i]), needed[static_cast<size_t>(stage.parents[i][d])]);
    }
  }
  return needed;
}

}  // namespace millstream::driver
