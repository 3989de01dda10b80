#include "driver/jobs/launch_builder.h"

#include <algorithm>
#include <map>
#include <optional>

#include "common/plan/block_messages.h"
#include "driver/lost_block.h"

namespace millstream::driver {
namespace {

using plan::Node;
using plan::NodeKind;

// A collection's partition up to this size costs less to send along than to ask for.
constexpr size_t kCarriedBytes = 1024;

bool HasPlaces(const Stage& stage, const OutputRegistry& outputs) {
  const auto has_blocks = [](const NodePtr& node) {
    return node->kind == NodeKind::kBlocks && !node->blocks.empty();
  };
  const auto is_kept = [&](const NodePtr& node) { return outputs.KeepsAny(node->id); };
  return std::any_of(stage.inputs.begin(), stage.inputs.end(), has_blocks) ||
         std::any_of(stage.cached.begin(), stage.cached.end(), is_kept);
}

std::vector<ExecutorId> Preferred(const Stage& stage, int task, const OutputRegistry& outputs) {
  std::map<ExecutorId, uint64_t> weights;
  const IsKept kept = [&](const Node& node, int partition) {
    const std::vector<ExecutorId>& places = outputs.PartitionPlaces(node.id, partition);
    for (const ExecutorId place : places) ++weights[place];
    return !places.empty();
  };
  const auto needed = NeededPartitions(stage, {task}, kept);
  for (size_t i = 0; i < stage.nodes.size(); ++i) {
    const Node& node = *stage.nodes[i];
    if (node.kind != NodeKind::kBlocks || node.blocks.empty()) continue;
    for (const int partition : needed[i]) {
      for (const plan::BlockLocation& block : node.blocks[static_cast<size_t>(partition)]) {
        for (const ExecutorId peer : outputs.BlockPeers(block)) weights[peer] += 1 + block.bytes;
      }
    }
  }
  std::vector<ExecutorId> preferred;
  preferred.reserve(weights.size());
  for (const auto& [executor, weight] : weights) preferred.push_back(executor);
  std::stable_sort(preferred.begin(), preferred.end(),
                   [&](ExecutorId a, ExecutorId b) { return weights[a] > weights[b]; });
  return preferred;
}

void AddCollection(const Node& node, int partition, proto::BlocksInput& input, proto::Launch& launch) {
  const exec::Slices& slices = node.collection[static_cast<size_t>(partition)];
  if (slices.empty()) return;
  proto::BlocksInput::Partition& added = *input.add_partitions();
  added.set_partition(static_cast<uint32_t>(partition));
  proto::BlockLocation& block = *added.add_blocks();
  plan::ToProto({plan::BlockId::Kind::kCollection, node.id, static_cast<uint64_t>(partition), 0},
                *block.mutable_id());
  block.set_bytes(exec::TotalBytes(slices));
  block.add_peers(Number(kDriverPeer));
  if (slices.size() > 1 || slices.front().view.size() > kCarriedBytes) return;
  proto::CarriedBlock& carried = *launch.add_carried();
  *carried.mutable_id() = block.id();
  carried.set_slice(slices.front().view.data(), slices.front().view.size());
}

// False if a block has no living copy.
bool AddReceived(const Node& node, int partition, ExecutorId executor, const OutputRegistry& outputs,
                 const IsAlive& alive, proto::BlocksInput& input, std::optional<plan::BlockId>& lost) {
  const auto& blocks = node.blocks[static_cast<size_t>(partition)];
  if (blocks.empty()) return true;
  proto::BlocksInput::Partition& added = *input.add_partitions();
  added.set_partition(static_cast<uint32_t>(partition));
  for (const plan::BlockLocation& location : blocks) {
    proto::BlockLocation& block = *added.add_blocks();
    plan::ToProto(location.id, *block.mutable_id());
    block.set_bytes(location.bytes);
    std::vector<ExecutorId> peers = outputs.BlockPeers(location);
    std::erase_if(peers, [&](ExecutorId peer) { return !alive(peer); });
    if (peers.empty()) lost = location.id;
    // Its own copy first.
    std::stable_partition(peers.begin(), peers.end(), [&](ExecutorId peer) { return peer == executor; });
    for (const ExecutorId peer : peers) block.add_peers(Number(peer));
  }
  return !lost;
}

void AddCaches(const Stage& stage, const std::vector<std::vector<int>>& needed, ExecutorId executor,
               const OutputRegistry& outputs, proto::Launch& launch) {
  for (const NodePtr& node : stage.cached) {
    proto::CacheBinding& binding = *launch.add_caches();
    binding.set_rdd(node->id);
    const auto at = std::find(stage.nodes.begin(), stage.nodes.end(), node);
    for (const int partition : needed[static_cast<size_t>(at - stage.nodes.begin())]) {
      for (const ExecutorId keeper : outputs.PartitionPlaces(node->id, partition)) {
        if (keeper == executor) continue;
        proto::CacheBinding::Place& place = *binding.add_places();
        place.set_partition(static_cast<uint32_t>(partition));
        place.set_executor(Number(keeper));
      }
    }
  }
}

}  // namespace

std::vector<WaitingTask> WithPreferences(const Stage& stage, const std::vector<int>& tasks,
                                         const OutputRegistry& outputs) {
  const bool places = HasPlaces(stage, outputs);
  std::vector<WaitingTask> waiting;
  waiting.reserve(tasks.size());
  for (const int task : tasks) {
    waiting.push_back({task, places ? Preferred(stage, task, outputs) : std::vector<ExecutorId>()});
  }
  return waiting;
}

void AddRanges(const std::vector<std::pair<int, int>>& tasks, proto::Launch& launch) {
  for (size_t first = 0; first < tasks.size();) {
    size_t end = first + 1;
    while (end < tasks.size() && tasks[end].second == tasks[first].second &&
           tasks[end].first == tasks[end - 1].first + 1) {
      ++end;
    }
    proto::TaskRange& range = *launch.add_tasks();
    range.set_first(static_cast<uint32_t>(tasks[first].first));
    range.set_count(static_cast<uint32_t>(end - first));
    range.set_attempt(static_cast<uint32_t>(tasks[first].second));
    first = end;
  }
}

absl::Status AddInputs(const Stage& stage, const std::vector<int>& tasks, ExecutorId executor,
                       const OutputRegistry& outputs, const IsAlive& alive, proto::Launch& launch) {
  // All that is needed if nothing is kept: a kept partition may turn out to be gone.
  const std::vector<std::vector<int>> needed = NeededPartitions(stage, tasks, {});
  const IsKept kept = [&](const Node& node, int p) { return !outputs.PartitionPlaces(node.id, p).empty(); };
  const std::vector<std::vector<int>> sure =
      stage.cached.empty() ? needed : NeededPartitions(stage, tasks, kept);
  for (size_t i = 0; i < stage.nodes.size(); ++i) {
    const Node& node = *stage.nodes[i];
    if (node.kind == NodeKind::kNarrow) continue;
    proto::StageInput& input = *launch.add_inputs();
    if (node.kind == NodeKind::kShuffle) {
      input.set_shuffle(outputs.DescribeShuffle(node.id, node.parents.front().parent->partitions));
      outputs.CarryShuffle(node.id, needed[i], executor, launch);
      continue;
    }
    proto::BlocksInput& blocks = *input.mutable_blocks();
    for (const int partition : needed[i]) {
      if (!node.collection.empty()) AddCollection(node, partition, blocks, launch);
      std::optional<plan::BlockId> lost;
      if (node.blocks.empty() || AddReceived(node, partition, executor, outputs, alive, blocks, lost))
        continue;
      if (!std::binary_search(sure[i].begin(), sure[i].end(), partition)) continue;
      return NoCopyIsLeft(node.label(), *lost, outputs.last_loss());
    }
  }
  AddCaches(stage, needed, executor, outputs, launch);
  return absl::OkStatus();
}

}  // namespace millstream::driver
