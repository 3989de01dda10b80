#ifndef MILLSTREAM_DRIVER_JOBS_EXECUTOR_POOL_H_
#define MILLSTREAM_DRIVER_JOBS_EXECUTOR_POOL_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "driver/jobs/placement.h"

namespace millstream::driver {

// A task on an executor.
struct QueuedTask {
  StageRunId run{};
  int partition = 0;
};

// The executors, what each has to do in the order it was given, and the plans each knows.
class ExecutorPool {
 public:
  void Join(ExecutorId executor, int cores);
  bool Has(ExecutorId executor) const { return executors_.contains(executor); }
  size_t size() const { return executors_.size(); }
  void Reserve(ExecutorId executor, int cores);

  // What a lost executor had: the first `running` of `tasks` were being run.
  struct Leftover {
    std::vector<QueuedTask> tasks;
    size_t running = 0;
  };
  Leftover Remove(ExecutorId executor);

  // `launch` is unique and grows.
  void Enqueue(ExecutorId executor, uint64_t launch, QueuedTask task);
  void Dequeue(ExecutorId executor, uint64_t launch);

  std::vector<ExecutorLoad> Loads() const;

  // At most `most` others: those that follow the executor in the ring of all.
  std::vector<ExecutorId> PeersOf(ExecutorId executor, size_t most) const;

  // True if the executor does not know the plan yet; it does from now on.
  bool LearnsPlan(ExecutorId executor, const std::string& plan);
  // The plan longest unused, forgotten, with who knew it, if there are more than `most` plans.
  struct OldPlan {
    std::string id;
    std::set<ExecutorId> known_to;
  };
  std::optional<OldPlan> ForgetOldPlan(size_t most);

 private:
  struct Executor {
    int cores = 1;
    int reserved = 0;
    std::map<uint64_t, QueuedTask> queue;  // by launch
  };
  struct Plan {
    uint64_t used = 0;
    std::set<ExecutorId> known_to;
  };
  std::map<ExecutorId, Executor> executors_;
  std::map<std::string, Plan> plans_;
  uint64_t uses_ = 0;
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_JOBS_EXECUTOR_POOL_H_
