#include "executor/tasks/task_slots.h"

#include <algorithm>
#include <utility>

#include "common/base/crash_report.h"

namespace millstream::executor {

TaskSlots::TaskSlots(int cores, Run run)
    : cores_(cores), run_(std::move(run)), running_(static_cast<size_t>(cores)) {
  for (size_t slot = 0; slot < running_.size(); ++slot) threads_.emplace_back([this, slot] { Serve(slot); });
}

void TaskSlots::Submit(std::shared_ptr<LaunchRun> launch) {
  size_t tasks = 0;
  for (const proto::TaskRange& range : launch->launch().tasks()) tasks += range.count();
  if (tasks == 0) return;
  size_t wake = 0;
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    queue_.push_back({std::move(launch), 0, 0, tasks});
    waiting_.fetch_add(tasks);
    wake = std::min(tasks, static_cast<size_t>(std::max(0, cores_ - busy_)));
  }
  for (size_t i = 0; i < wake; ++i) wake_.notify_one();
}

TaskSlots::Task TaskSlots::Take() {
  Queued& queued = queue_.front();
  const proto::TaskRange* range = &queued.launch->launch().tasks(queued.range);
  while (queued.next == range->count()) {
    range = &queued.launch->launch().tasks(++queued.range);
    queued.next = 0;
  }
  Task task{queued.launch, static_cast<int>(range->first() + queued.next++),
            static_cast<int>(range->attempt())};
  if (--queued.left == 0) queue_.pop_front();
  waiting_.fetch_sub(1);
  return task;
}

void TaskSlots::Serve(size_t slot) {
  const base::AlternateStack stack;
  const std::function<bool()> more = [this] { return waiting_.load(std::memory_order_relaxed) > 0; };
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock,
               [this] { return stopped_ || (!queue_.empty() && busy_ < std::max(1, cores_ - occupied_)); });
    if (stopped_) return;
    Task task = Take();
    running_[slot] = task.launch;
    ++busy_;
    lock.unlock();
    run_(*task.launch, task.partition, task.attempt, more);
    lock.lock();
    --busy_;
    std::shared_ptr<LaunchRun> done = std::move(running_[slot]);
    running_[slot] = nullptr;
    // A launch's last task frees what was fetched for it, which must not hold up the others.
    if (done.use_count() > 2) continue;
    lock.unlock();
    task.launch.reset();
    done.reset();
    lock.lock();
  }
}

void TaskSlots::Occupy() {
  std::lock_guard lock(mutex_);
  ++occupied_;
}

void TaskSlots::Vacate() {
  {
    std::lock_guard lock(mutex_);
    --occupied_;
  }
  wake_.notify_one();
}

void TaskSlots::Cancel(uint64_t stage_run) {
  std::lock_guard lock(mutex_);
  for (const Queued& queued : queue_) {
    if (queued.launch->launch().stage_run() == stage_run) queued.launch->Cancel();
  }
  for (const std::shared_ptr<LaunchRun>& launch : running_) {
    if (launch != nullptr && launch->launch().stage_run() == stage_run) launch->Cancel();
  }
}

void TaskSlots::Stop() {
  std::deque<Queued> forgotten;
  std::vector<std::thread> threads;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    forgotten.swap(queue_);
    threads.swap(threads_);
    for (const std::shared_ptr<LaunchRun>& launch : running_) {
      if (launch != nullptr) launch->Cancel();
    }
    for (const Queued& queued : forgotten) queued.launch->Cancel();
  }
  wake_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace millstream::executor
