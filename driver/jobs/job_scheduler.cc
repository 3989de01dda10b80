#include "driver/jobs/job_scheduler.h"

#include <algorithm>
#include <utility>

#include "driver/jobs/launch_builder.h"

namespace millstream::driver {

void JobScheduler::Handle(const JobEvent& event, std::vector<JobCommand>& commands) {
  commands_ = &commands;
  std::visit([this](const auto& e) { On(e); }, event);
  if (reconsider_) WantEverything();
  LaunchWaiting();
  commands_ = nullptr;
}

void JobScheduler::On(const ExecutorJoined& event) { pool_.Join(event.executor, event.cores); }

void JobScheduler::On(const CoresReserved& event) { pool_.Reserve(event.executor, event.cores); }

void JobScheduler::On(const BlockMoved& event) { outputs_.MoveBlock(event.block, event.peers); }

void JobScheduler::On(const ExecutorLost& event) {
  if (!pool_.Has(event.executor)) return;
  const ExecutorPool::Leftover leftover = pool_.Remove(event.executor);
  const std::string cause = "executor " + std::to_string(Number(event.executor)) + " " + event.reason;
  outputs_.LoseExecutor(event.executor, cause);
  for (auto& [id, job] : jobs_) {
    std::erase_if(job.results, [&](const auto& result) {
      return result.second.stored && result.second.executor == event.executor;
    });
  }
  for (size_t i = 0; i < leftover.tasks.size(); ++i) {
    const auto run = runs_.find(leftover.tasks[i].run);
    if (run == runs_.end()) continue;
    const StageKey key = run->second;
    StageState& stage = jobs_.at(key.job).stages.at(key.stage);
    const int partition = leftover.tasks[i].partition;
    stage.tasks[static_cast<size_t>(partition)].running = false;
    --stage.running;
    if (i >= leftover.running) continue;
    absl::Status status = Blame(stage, partition, stage.stage.label, cause);
    if (!status.ok()) FinishJob(key.job, std::move(status));
  }
  reconsider_ = true;
}

void JobScheduler::On(const JobSubmitted& event) {
  absl::Status status = CheckLineage(*event.root);
  if (status.ok() && event.root->encode.kernel == nullptr) {
    status = absl::InvalidArgumentError(event.root->label() + ": its rows cannot leave the task");
  }
  for (const int partition : event.partitions) {
    if (partition < 0 || partition >= event.root->partitions) {
      status =
          absl::InvalidArgumentError(event.root->label() + " has no partition " + std::to_string(partition));
    }
  }
  if (!status.ok()) {
    commands_->push_back(JobFinished{event.job, std::move(status), {}});
    return;
  }
  Job& job = jobs_[event.job];
  job.root = event.root;
  job.partitions = event.partitions;
  job.wanted.insert(event.partitions.begin(), event.partitions.end());
  job.operation = event.operation;
  job.batch = event.batch;
  job.batch_time_ms = event.batch_time_ms;
  if (job.wanted.empty()) {
    FinishJob(event.job, absl::OkStatus());
    return;
  }
  Want(event.job, job, kResultStage);
}

void JobScheduler::On(const JobCancelled& event) {
  if (jobs_.contains(event.job)) FinishJob(event.job, event.cause);
}

void JobScheduler::On(const NodeUnused& event) {
  tied_.erase(event.node);
  for (const ExecutorId executor : outputs_.ForgetShuffle(event.node)) {
    Command(executor).mutable_drop()->add_shuffles(event.node);
  }
  On(RddUnpersisted{event.node});
}

void JobScheduler::On(const RddUnpersisted& event) {
  for (const ExecutorId executor : outputs_.ForgetRdd(event.node)) {
    Command(executor).mutable_drop()->add_rdds(event.node);
  }
}

void JobScheduler::On(const ResultsTaken& event) {
  if (pool_.Has(event.executor)) Command(event.executor).mutable_drop()->add_stage_runs(Number(event.run));
}

proto::ToExecutor::Command& JobScheduler::Command(ExecutorId executor) {
  commands_->push_back(SendCommand{executor, {}});
  return std::get<SendCommand>(commands_->back()).command;
}

void JobScheduler::FinishJob(JobId id, absl::Status status, std::vector<TaskResult> results) {
  auto node = jobs_.extract(id);
  if (node.empty()) return;
  for (auto& [key, stage] : node.mapped().stages) {
    CancelTasks(stage);
    EndRuns(stage);
  }
  if (!status.ok()) DropResults(node.mapped());
  commands_->push_back(JobFinished{id, std::move(status), std::move(results)});
  reconsider_ = true;
}

void JobScheduler::DropResults(const Job& job) {
  std::set<std::pair<ExecutorId, StageRunId>> stored;
  for (const auto& [partition, result] : job.results) {
    if (result.stored) stored.emplace(result.executor, result.run);
  }
  for (const auto& [executor, run] : stored) On(ResultsTaken{executor, run});
}

void JobScheduler::CancelTasks(StageState& stage) {
  if (stage.running == 0) return;
  std::set<ExecutorId> busy;
  for (Task& task : stage.tasks) {
    if (!task.running) continue;
    pool_.Dequeue(task.executor, task.launch);
    busy.insert(task.executor);
    task.running = false;
  }
  stage.running = 0;
  for (const ExecutorId executor : busy) {
    for (const StageRunId run : stage.runs) Command(executor).mutable_cancel()->set_stage_run(Number(run));
  }
}

void JobScheduler::EndRuns(StageState& stage) {
  for (const StageRunId run : stage.runs) runs_.erase(run);
  stage.runs.clear();
  stage.renew = true;
  stage.lost_runs = 0;
}

}  // namespace millstream::driver
