#ifndef MILLSTREAM_EXECUTOR_TASKS_TASK_SLOTS_H_
#define MILLSTREAM_EXECUTOR_TASKS_TASK_SLOTS_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "executor/tasks/launch_run.h"

namespace millstream::executor {

// The executor's cores: one thread each, which take tasks in the order of the launches. A core that a
// receiver occupies runs none; where receivers occupy all, what the driver sends for want of another place
// runs beside them, one task at a time. Thread-safe.
class TaskSlots {
 public:
  // Runs a task; `more` tells if another one is waiting.
  using Run = std::function<void(const LaunchRun& launch, int partition, int attempt,
                                 const std::function<bool()>& more)>;

  TaskSlots(int cores, Run run);
  ~TaskSlots() { Stop(); }
  TaskSlots(const TaskSlots&) = delete;
  TaskSlots& operator=(const TaskSlots&) = delete;

  void Submit(std::shared_ptr<LaunchRun> launch);

  // Takes a core away from tasks, or gives it back.
  void Occupy();
  void Vacate();

  // Cancels the tasks of a stage run, those that run as well as those that wait.
  void Cancel(uint64_t stage_run);

  // Cancels what runs, forgets what waits, joins the threads. Submit does nothing from here on.
  void Stop();

 private:
  struct Queued {
    std::shared_ptr<LaunchRun> launch;
    int range = 0;      // the next task: in this range of the launch,
    uint32_t next = 0;  // counted from its first
    size_t left = 0;
  };
  struct Task {
    std::shared_ptr<LaunchRun> launch;
    int partition = 0;
    int attempt = 0;
  };
  void Serve(size_t slot);
  Task Take();

  const int cores_;
  const Run run_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Queued> queue_;
  std::atomic<size_t> waiting_{0};
  std::vector<std::shared_ptr<LaunchRun>> running_;  // by slot; null: idle
  int occupied_ = 0;
  int busy_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_TASKS_TASK_SLOTS_H_
