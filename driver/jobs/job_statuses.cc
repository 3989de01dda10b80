// How the job scheduler takes what executors report.
#include <algorithm>
#include <utility>

#include "driver/jobs/job_scheduler.h"

namespace millstream::driver {
namespace {

std::string CauseOf(const proto::TaskFailure& failure) {
  return failure.type().empty() ? failure.message() : failure.type() + ": " + failure.message();
}

}  // namespace

void JobScheduler::On(const StatusesArrived& event) {
  if (!pool_.Has(event.executor)) return;
  for (const proto::TaskStatus& status : event.message->statuses()) OnStatus(event, status);
}

void JobScheduler::OnStatus(const StatusesArrived& event, const proto::TaskStatus& status) {
  NoteKeptPartitions(status);
  const auto run = runs_.find(StageRunId{status.stage_run()});
  if (run == runs_.end()) {
    // Of a job that ended without it: what it stored is of no use.
    if (status.result_stored()) On(ResultsTaken{event.executor, StageRunId{status.stage_run()}});
    return;
  }
  const StageKey key = run->second;
  Job& job = jobs_.at(key.job);
  StageState& stage = job.stages.at(key.stage);
  if (status.partition() >= stage.tasks.size()) return;
  Task& task = stage.tasks[status.partition()];
  // Only the latest attempt counts; messages may come twice.
  if (!task.running || task.executor != event.executor ||
      task.attempt != static_cast<int>(status.attempt()) + 1)
    return;
  task.running = false;
  --stage.running;
  pool_.Dequeue(event.executor, task.launch);
  if (!status.has_failure()) {
    OnDone(job, stage, event, status);
    if (job.results.size() == job.wanted.size()) {
      std::vector<TaskResult> results;
      results.reserve(job.partitions.size());
      for (const int partition : job.partitions) results.push_back(job.results.at(partition));
      FinishJob(key.job, absl::OkStatus(), std::move(results));
    }
    return;
  }
  absl::Status verdict = OnFailure(stage, status, task.launch);
  if (!verdict.ok()) FinishJob(key.job, std::move(verdict));
  reconsider_ = true;
}

void JobScheduler::OnDone(Job& job, StageState& stage, const StatusesArrived& event,
                          const proto::TaskStatus& status) {
  const int partition = static_cast<int>(status.partition());
  if (stage.stage.shuffle != nullptr) {
    const uint64_t shuffle = stage.stage.shuffle->id;
    outputs_.RegisterMap(shuffle, partition, event.executor, ++sequence_, {event.message, &status});
    if (outputs_.IsComplete(shuffle)) {
      EndRuns(stage);
      reconsider_ = true;
    }
    return;
  }
  TaskResult& result = job.results[partition];
  result = {event.executor,
            StageRunId{status.stage_run()},
            partition,
            static_cast<int>(status.attempt()),
            status.result_stored(),
            {}};
  if (!status.result_stored()) result.rows = {event.message, status.result()};
}

absl::Status JobScheduler::OnFailure(StageState& stage, const proto::TaskStatus& status, uint64_t launch) {
  const proto::TaskFailure& failure = status.failure();
  const int partition = static_cast<int>(status.partition());
  if (failure.kind() == proto::TaskFailure::FETCH) return OnInputLost(stage, status, launch);
  if (failure.kind() == proto::TaskFailure::BLOCK) ForgetKept(stage.stage, partition);
  const std::string& operation = failure.operation().empty() ? stage.stage.label : failure.operation();
  absl::Status blamed = Blame(stage, partition, operation, CauseOf(failure));
  if (blamed.ok() || failure.code() == 0) return blamed;
  return absl::Status(static_cast<absl::StatusCode>(failure.code()), blamed.message());
}

absl::Status JobScheduler::OnInputLost(StageState& stage, const proto::TaskStatus& status, uint64_t launch) {
  const proto::TaskFailure& failure = status.failure();
  outputs_.LoseMaps(failure.shuffle(), ExecutorId{failure.lost_executor()}, launch);
  ForgetKept(stage.stage, static_cast<int>(status.partition()));
  // The first task that finds its input gone ends the run; the others only join in.
  if (stage.renew || stage.runs.back() != StageRunId{status.stage_run()}) return absl::OkStatus();
  stage.renew = true;
  if (++stage.lost_runs < options_.max_stage_attempts) return absl::OkStatus();
  return absl::AbortedError(stage.stage.label + " lost its input " + std::to_string(stage.lost_runs) +
                            " times; last: " + CauseOf(failure));
}

absl::Status JobScheduler::Blame(StageState& stage, int partition, const std::string& operation,
                                 const std::string& cause) {
  const int failures = ++stage.tasks[static_cast<size_t>(partition)].failures;
  if (failures < options_.max_task_failures) return absl::OkStatus();
  std::string text = "Task " + std::to_string(partition) + " of " + operation + " failed";
  if (failures > 1) text += " " + std::to_string(failures) + " times; last";
  return absl::AbortedError(text + ": " + cause);
}

void JobScheduler::NoteKeptPartitions(const proto::TaskStatus& status) {
  for (const proto::KeptPartition& kept : status.kept()) {
    for (const uint32_t number : kept.executors()) {
      const ExecutorId executor{number};
      if (!pool_.Has(executor)) continue;
      if (outputs_.ExpectsRdd(kept.rdd())) {
        outputs_.RegisterPartition(kept.rdd(), static_cast<int>(kept.partition()), executor);
      } else {
        Command(executor).mutable_drop()->add_rdds(kept.rdd());
      }
    }
  }
}

// The copies of kept partitions that a task relied on were no help.
void JobScheduler::ForgetKept(const Stage& stage, int partition) {
  if (stage.cached.empty()) return;
  const auto needed = NeededPartitions(stage, {partition}, {});
  for (size_t i = 0; i < stage.nodes.size(); ++i) {
    for (const int p : needed[i]) outputs_.ForgetPartition(stage.nodes[i]->id, p);
  }
}

}  // namespace millstream::driver
