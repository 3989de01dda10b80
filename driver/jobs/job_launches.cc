// What the job scheduler wants to run, and how it launches it.
#include <algorithm>
#include <utility>

#include "driver/jobs/job_scheduler.h"
#include "driver/jobs/launch_builder.h"
#include "driver/jobs/placement.h"

namespace millstream::driver {

using plan::Node;
using plan::NodeKind;

namespace {

constexpr size_t kReplicaPeers = 4;

// Of a shuffle, what travels with statuses and launches, lest every reducer asks every other executor for
// next to nothing: bytes in all, of a task, and blocks.
constexpr uint64_t kSmallShuffleBytes = uint64_t{1} << 20;
constexpr uint64_t kSmallOutputBytes = uint64_t{64} << 10;
constexpr int kSmallShuffleBlocks = 1024;

uint64_t SmallOutputBytes(const Stage& stage) {
  const int64_t blocks = int64_t{stage.tasks} * stage.shuffle->partitions;
  if (blocks > kSmallShuffleBlocks) return 0;
  return std::min(kSmallOutputBytes, kSmallShuffleBytes / static_cast<uint64_t>(stage.tasks));
}

}  // namespace

void JobScheduler::WantEverything() {
  reconsider_ = false;
  for (auto& [id, job] : jobs_) {
    for (auto& [key, stage] : job.stages) stage.waiting.clear();
  }
  for (auto& [id, job] : jobs_) Want(id, job, kResultStage);
}

void JobScheduler::Want(JobId id, Job& job, uint64_t key) {
  StageState& stage = StageOf(job, key, nullptr);
  std::vector<int> missing;
  for (int p = 0; p < stage.stage.tasks; ++p) {
    if (!stage.tasks[static_cast<size_t>(p)].running && !IsDone(job, stage, p)) missing.push_back(p);
  }
  if (missing.empty()) return;
  bool ready = true;
  const auto kept = [this](const Node& node, int p) { return !outputs_.PartitionPlaces(node.id, p).empty(); };
  const auto needed = NeededPartitions(stage.stage, missing, kept);
  for (size_t i = 0; i < stage.stage.nodes.size(); ++i) {
    const NodePtr& node = stage.stage.nodes[i];
    if (node->kind != NodeKind::kShuffle || needed[i].empty() || outputs_.IsComplete(node->id)) continue;
    ready = false;
    if (RunsElsewhere(id, node->id)) continue;
    StageOf(job, node->id, node);
    Want(id, job, node->id);
  }
  if (ready) stage.waiting = std::move(missing);
}

bool JobScheduler::IsDone(const Job& job, const StageState& stage, int partition) const {
  if (stage.stage.shuffle != nullptr) return outputs_.HasMap(stage.stage.shuffle->id, partition);
  return !job.wanted.contains(partition) || job.results.contains(partition);
}

bool JobScheduler::RunsElsewhere(JobId id, uint64_t shuffle) const {
  return std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& other) {
    if (other.first == id) return false;
    const auto stage = other.second.stages.find(shuffle);
    return stage != other.second.stages.end() &&
           (stage->second.running > 0 || !stage->second.waiting.empty());
  });
}

JobScheduler::StageState& JobScheduler::StageOf(Job& job, uint64_t key, const NodePtr& shuffle) {
  const auto [at, added] = job.stages.try_emplace(key);
  StageState& state = at->second;
  if (!added) return state;
  state.stage = shuffle == nullptr ? BuildResultStage(job.root, job.operation, options_.table_bytes)
                                   : BuildMapStage(shuffle, options_.table_bytes);
  state.tasks.resize(static_cast<size_t>(state.stage.tasks));
  if (shuffle != nullptr) {
    outputs_.ExpectShuffle(shuffle->id, state.stage.tasks);
    Tie(shuffle);
  }
  for (const NodePtr& node : state.stage.cached) {
    outputs_.ExpectRdd(node->id);
    Tie(node);
  }
  return state;
}

void JobScheduler::Tie(const NodePtr& node) {
  if (tied_.insert(node->id).second) commands_->push_back(TieResources{node});
}

void JobScheduler::LaunchWaiting() {
  std::vector<std::pair<JobId, absl::Status>> failed;
  for (auto& [id, job] : jobs_) {
    for (auto& [key, stage] : job.stages) {
      if (stage.waiting.empty()) continue;
      absl::Status status = LaunchStage(id, job, key, stage);
      if (status.ok()) continue;
      failed.emplace_back(id, std::move(status));
      break;
    }
  }
  for (auto& [id, status] : failed) FinishJob(id, std::move(status));
  if (!failed.empty()) {
    WantEverything();
    LaunchWaiting();
  }
}

absl::Status JobScheduler::LaunchStage(JobId id, Job& job, uint64_t key, StageState& stage) {
  const std::vector<ExecutorLoad> loads = pool_.Loads();
  if (!HasRoom(stage.waiting.size(), loads)) return absl::OkStatus();
  const std::vector<Assignment> assignments =
      PlaceTasks(WithPreferences(stage.stage, stage.waiting, outputs_), loads);
  if (assignments.empty()) return absl::OkStatus();
  BeginRun(id, key, stage);
  for (const Assignment& assignment : assignments) {
    absl::Status status = LaunchOn(job, stage, assignment.executor, assignment.partitions);
    if (!status.ok()) return status;
  }
  std::erase_if(stage.waiting, [&](int p) { return stage.tasks[static_cast<size_t>(p)].running; });
  return absl::OkStatus();
}

void JobScheduler::BeginRun(JobId id, uint64_t key, StageState& stage) {
  if (!stage.renew) return;
  stage.renew = false;
  stage.runs.push_back(StageRunId{next_run_++});
  runs_[stage.runs.back()] = {id, key};
}

absl::Status JobScheduler::LaunchOn(const Job& job, StageState& stage, ExecutorId executor,
                                    const std::vector<int>& partitions) {
  const StageRunId run = stage.runs.back();
  proto::ToExecutor::Command command;
  proto::Launch& launch = *command.mutable_launch();
  launch.set_plan(stage.stage.plan_id);
  launch.set_stage_run(Number(run));
  launch.set_batch(Number(job.batch));
  launch.set_batch_time_ms(job.batch_time_ms);
  const auto alive = [this](ExecutorId peer) { return pool_.Has(peer); };
  absl::Status status = AddInputs(stage.stage, partitions, executor, outputs_, alive, launch);
  if (!status.ok()) return status;
  if (stage.stage.shuffle != nullptr) {
    launch.set_shuffle(stage.stage.shuffle->id);
    if (pool_.size() > 1) launch.set_small_output_bytes(SmallOutputBytes(stage.stage));
    outputs_.AddHolder(stage.stage.shuffle->id, executor);
  }
  AddReplicaPeers(stage.stage, executor, launch);
  std::vector<std::pair<int, int>> attempts;
  for (const int partition : partitions) {
    Task& task = stage.tasks[static_cast<size_t>(partition)];
    attempts.emplace_back(partition, task.attempt++);
    task.running = true;
    task.executor = executor;
    task.launch = ++sequence_;
    ++stage.running;
    pool_.Enqueue(executor, task.launch, {run, partition});
  }
  AddRanges(attempts, launch);
  InstallPlan(stage.stage, executor);
  commands_->push_back(SendCommand{executor, std::move(command)});
  return absl::OkStatus();
}

void JobScheduler::AddReplicaPeers(const Stage& stage, ExecutorId executor, proto::Launch& launch) {
  for (size_t slot = 0; slot < stage.cached.size(); ++slot) {
    const Node& node = *stage.cached[slot];
    outputs_.AddRddHolder(node.id, executor);
    if (Replicas(node.storage.load(std::memory_order_relaxed)) < 2) continue;
    for (const ExecutorId peer : pool_.PeersOf(executor, kReplicaPeers)) {
      outputs_.AddRddHolder(node.id, peer);
      launch.mutable_caches(static_cast<int>(slot))->add_replica_peers(Number(peer));
    }
  }
}

void JobScheduler::InstallPlan(const Stage& stage, ExecutorId executor) {
  if (!pool_.LearnsPlan(executor, stage.plan_id)) return;
  proto::InstallPlan& install = *Command(executor).mutable_install();
  install.set_id(stage.plan_id);
  *install.mutable_plan() = *stage.plan;
  if (const auto old = pool_.ForgetOldPlan(options_.max_plans)) {
    for (const ExecutorId holder : old->known_to) Command(holder).mutable_drop()->add_plans(old->id);
  }
}

}  // namespace millstream::driver
