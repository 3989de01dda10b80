#ifndef MILLSTREAM_EXECUTOR_TASKS_LAUNCH_RUN_H_
#define MILLSTREAM_EXECUTOR_TASKS_LAUNCH_RUN_H_

#include <atomic>
#include <memory>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "executor/shuffle/fetched_blocks.h"
#include "executor/shuffle/stage_inputs.h"
#include "executor/tasks/executor_parts.h"
#include "executor/tasks/prepared_plan.h"
#include "proto/control.pb.h"

namespace millstream::executor {

// An RDD that a launch reads from where it is kept, or keeps.
struct CachedRdd {
  uint64_t rdd = 0;
  std::unordered_map<int, std::vector<ExecutorId>> places;  // partitions that peers keep
  std::vector<ExecutorId> replica_peers;                    // where copies may go
};

// One Launch while its tasks run. Read by many threads.
class LaunchRun {
 public:
  // `plan` is not OK if it could not be prepared: then every task ends with that error. `message` holds
  // `launch`.
  LaunchRun(std::shared_ptr<const proto::ToExecutor> message, const proto::Launch& launch,
            absl::StatusOr<std::shared_ptr<const PreparedPlan>> plan);
  // Ends fetches that nobody waits for any more.
  ~LaunchRun() { Cancel(); }

  // Starts to fetch what its tasks read from peers.
  void StartFetches(const ExecutorParts& parts);

  // Ends what its tasks wait for; tasks that have not begun end as cancelled.
  void Cancel();
  const std::atomic<bool>& cancelled() const { return cancelled_; }

  const proto::Launch& launch() const { return launch_; }
  // Why no task of it can run.
  const absl::Status& status() const { return status_; }
  const PreparedPlan& plan() const { return *plan_; }
  const StageSource& input(int index) const { return inputs_[static_cast<size_t>(index)]; }
  const CachedRdd& cache(int slot) const { return caches_[static_cast<size_t>(slot)]; }
  FetchedBlocks* fetched() const { return fetched_.get(); }
  const CarriedBlocks& carried() const { return carried_; }

 private:
  absl::Status Read();
  void AddFetches(const ExecutorParts& parts, int node, int partition);

  const std::shared_ptr<const proto::ToExecutor> message_;
  const proto::Launch& launch_;
  std::shared_ptr<const PreparedPlan> plan_;
  absl::Status status_;
  std::vector<StageSource> inputs_;
  std::vector<CachedRdd> caches_;
  CarriedBlocks carried_;
  std::shared_ptr<FetchedBlocks> fetched_;  // null: nothing is fetched ahead
  std::atomic<bool> cancelled_{false};
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_TASKS_LAUNCH_RUN_H_
