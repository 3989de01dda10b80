#include "executor/tasks/launch_run.h"

#include <utility>

#include "common/plan/block_messages.h"

namespace millstream::executor {

LaunchRun::LaunchRun(std::shared_ptr<const proto::ToExecutor> message, const proto::Launch& launch,
                     absl::StatusOr<std::shared_ptr<const PreparedPlan>> plan)
    : message_(std::move(message)), launch_(launch) {
  if (plan.ok()) {
    plan_ = *std::move(plan);
    status_ = Read();
  } else {
    status_ = plan.status();
  }
}

absl::Status LaunchRun::Read() {
  if (launch_.inputs_size() < plan_->inputs() || launch_.caches_size() < plan_->caches()) {
    return absl::InvalidArgumentError("a launch leaves out inputs of its plan");
  }
  for (const proto::TaskRange& range : launch_.tasks()) {
    if (uint64_t{range.first()} + range.count() > static_cast<uint64_t>(plan_->partitions())) {
      return absl::InvalidArgumentError("a launch has more tasks than its plan");
    }
  }
  for (const proto::StageInput& input : launch_.inputs()) {
    absl::StatusOr<StageSource> source = ReadStageInput(input);
    if (!source.ok()) return source.status();
    inputs_.push_back(*std::move(source));
  }
  for (const proto::CarriedBlock& block : launch_.carried()) {
    carried_.emplace(plan::FromProto(block.id()), exec::Bytes{message_, block.slice()});
  }
  for (const proto::CacheBinding& binding : launch_.caches()) {
    CachedRdd& cache = caches_.emplace_back();
    cache.rdd = binding.rdd();
    for (const auto& place : binding.places()) {
      cache.places[static_cast<int>(place.partition())].push_back(ExecutorId{place.executor()});
    }
    for (const uint32_t peer : binding.replica_peers()) cache.replica_peers.push_back(ExecutorId{peer});
  }
  return absl::OkStatus();
}

void LaunchRun::StartFetches(const ExecutorParts& parts) {
  if (!status_.ok() || plan_->inputs() == 0) return;
  const PreparedPlan::Skip is_kept = [&](const PreparedNode& node, int partition) {
    const CachedRdd& cached = cache(node.cache->slot);
    return cached.places.contains(partition) || parts.blocks->Contains({plan::BlockId::Kind::kRdd, cached.rdd,
                                                                        static_cast<uint64_t>(partition), 0});
  };
  for (const proto::TaskRange& range : launch_.tasks()) {
    for (uint32_t i = 0; i < range.count(); ++i) {
      plan_->ForEachInput(static_cast<int>(range.first() + i), is_kept,
                          [&](int node, int partition) { AddFetches(parts, node, partition); });
    }
  }
  if (fetched_ != nullptr) fetched_->Start(*parts.fetchers);
}

void LaunchRun::AddFetches(const ExecutorParts& parts, int node, int partition) {
  const auto add = [&](ExecutorId peer, const plan::BlockId& id) {
    if (carried_.contains(id)) return;
    if (fetched_ == nullptr) fetched_ = std::make_shared<FetchedBlocks>(*parts.blocks, *parts.transport);
    fetched_->Add(peer, id);
  };
  const StageSource& source = input(plan_->node(node).input);
  for (size_t map = 0; map < source.shuffle.holders.size(); ++map) {
    const ExecutorId holder = source.shuffle.holders[map];
    if (holder == parts.self) continue;
    add(holder,
        {plan::BlockId::Kind::kShuffle, source.shuffle.shuffle, map, static_cast<uint64_t>(partition)});
  }
  const auto blocks = source.blocks.partitions.find(partition);
  if (blocks == source.blocks.partitions.end() || parts.in_process) return;
  for (const plan::BlockLocation& block : blocks->second) {
    if (block.peers.empty() || parts.blocks->Contains(block.id)) continue;
    const bool first_is_self = block.peers.front() == parts.self;
    if (first_is_self && block.peers.size() == 1) continue;
    add(block.peers[first_is_self ? 1 : 0], block.id);
  }
}

void LaunchRun::Cancel() {
  cancelled_.store(true);
  if (fetched_ != nullptr) fetched_->Cancel();
}

}  // namespace millstream::executor
