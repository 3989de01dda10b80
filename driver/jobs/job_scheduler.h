#ifndef MILLSTREAM_DRIVER_JOBS_JOB_SCHEDULER_H_
#define MILLSTREAM_DRIVER_JOBS_JOB_SCHEDULER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "driver/jobs/executor_pool.h"
#include "driver/jobs/job_events.h"
#include "driver/jobs/output_registry.h"
#include "driver/jobs/stage_builder.h"

namespace millstream::driver {

struct JobSchedulerOptions {
  int max_task_failures = 4;
  int max_stage_attempts = 4;
  uint64_t table_bytes = 64u << 20;  // cap of each aggregation table
  size_t max_plans = 256;            // that executors remember
};

// Turns lineages into stages, stages into tasks, and sees them through: what runs where, retries, lost
// output, lost executors. A pure state machine: events in, commands out; no clock, no thread, no I/O, and the
// same commands for the same events in every process.
//
// A job is driven by demand. Its result stage wants the partitions that were asked for; a stage whose wanted
// tasks read a shuffle that is not complete waits, and wants that shuffle's missing map tasks. Whatever is
// lost is simply wanted again, so that there is one path for the first run, for retries and for
// recomputation. Stages whose output is complete, or that only kept partitions would need, are never wanted.
class JobScheduler {
 public:
  explicit JobScheduler(JobSchedulerOptions options) : options_(options) {}

  // Appends what is to be done, in order.
  void Handle(const JobEvent& event, std::vector<JobCommand>& commands);

  size_t jobs() const { return jobs_.size(); }

 private:
  struct Task {
    bool running = false;
    ExecutorId executor{};
    int attempt = 0;      // of the next launch
    uint64_t launch = 0;  // of the latest
    int failures = 0;
  };
  struct StageState {
    Stage stage;
    std::vector<Task> tasks;
    std::vector<int> waiting;      // ascending; wanted, and what they read is there
    std::vector<StageRunId> runs;  // the newest last
    bool renew = true;             // the next launch begins a new run
    int lost_runs = 0;             // in a row that ended because input was lost
    int running = 0;
  };
  struct Job {
    NodePtr root;
    std::vector<int> partitions;
    std::set<int> wanted;
    std::string operation;
    BatchId batch{};
    int64_t batch_time_ms = 0;
    std::map<uint64_t, StageState> stages;  // by shuffle, kResultStage for the last
    std::map<int, TaskResult> results;      // by partition
  };
  struct StageKey {
    JobId job{};
    uint64_t stage = 0;
  };
  static constexpr uint64_t kResultStage = ~uint64_t{0};

  void On(const ExecutorJoined& event);
  void On(const ExecutorLost& event);
  void On(const CoresReserved& event);
  void On(const JobSubmitted& event);
  void On(const JobCancelled& event);
  void On(const StatusesArrived& event);
  void On(const NodeUnused& event);
  void On(const RddUnpersisted& event);
  void On(const BlockMoved& event);
  void On(const ResultsTaken& event);

  // Statuses.
  void OnStatus(const StatusesArrived& event, const proto::TaskStatus& status);
  void OnDone(Job& job, StageState& stage, const StatusesArrived& event, const proto::TaskStatus& status);
  // What is wrong with the whole job because of this, if anything.
  absl::Status OnFailure(StageState& stage, const proto::TaskStatus& status, uint64_t launch);
  absl::Status OnInputLost(StageState& stage, const proto::TaskStatus& status, uint64_t launch);
  absl::Status Blame(StageState& stage, int partition, const std::string& operation,
                     const std::string& cause);
  void NoteKeptPartitions(const proto::TaskStatus& status);
  void ForgetKept(const Stage& stage, int partition);

  // Wants.
  void WantEverything();
  void Want(JobId id, Job& job, uint64_t key);
  bool IsDone(const Job& job, const StageState& stage, int partition) const;
  bool RunsElsewhere(JobId id, uint64_t shuffle) const;
  StageState& StageOf(Job& job, uint64_t key, const NodePtr& shuffle);
  void Tie(const NodePtr& node);

  // Launches.
  void LaunchWaiting();
  absl::Status LaunchStage(JobId id, Job& job, uint64_t key, StageState& stage);
  void BeginRun(JobId id, uint64_t key, StageState& stage);
  absl::Status LaunchOn(const Job& job, StageState& stage, ExecutorId executor,
                        const std::vector<int>& partitions);
  // Where the launched tasks may copy the partitions they keep.
  void AddReplicaPeers(const Stage& stage, ExecutorId executor, proto::Launch& launch);
  void InstallPlan(const Stage& stage, ExecutorId executor);

  // Ends.
  void FinishJob(JobId id, absl::Status status, std::vector<TaskResult> results = {});
  void DropResults(const Job& job);
  void CancelTasks(StageState& stage);
  void EndRuns(StageState& stage);

  proto::ToExecutor::Command& Command(ExecutorId executor);

  const JobSchedulerOptions options_;
  ExecutorPool pool_;
  OutputRegistry outputs_;
  std::map<JobId, Job> jobs_;
  std::map<StageRunId, StageKey> runs_;
  std::set<uint64_t> tied_;
  uint64_t next_run_ = 1;
  uint64_t sequence_ = 0;    // orders launches and registrations of output
  bool reconsider_ = false;  // something ended or was lost: what is wanted may have changed
  std::vector<JobCommand>* commands_ = nullptr;  // during Handle()
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_JOBS_JOB_SCHEDULER_H_
