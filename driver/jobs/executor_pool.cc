#include "driver/jobs/executor_pool.h"

#include <algorithm>
#include <utility>

namespace millstream::driver {

void ExecutorPool::Join(ExecutorId executor, int cores) { executors_[executor].cores = cores; }

void ExecutorPool::Reserve(ExecutorId executor, int cores) {
  if (const auto found = executors_.find(executor); found != executors_.end()) found->second.reserved = cores;
}

ExecutorPool::Leftover ExecutorPool::Remove(ExecutorId executor) {
  Leftover leftover;
  auto node = executors_.extract(executor);
  for (auto& [id, plan] : plans_) plan.known_to.erase(executor);
  if (node.empty()) return leftover;
  const Executor& gone = node.mapped();
  for (const auto& [launch, task] : gone.queue) leftover.tasks.push_back(task);
  const auto slots = static_cast<size_t>(std::max(1, gone.cores - gone.reserved));
  leftover.running = std::min(leftover.tasks.size(), slots);
  return leftover;
}

void ExecutorPool::Enqueue(ExecutorId executor, uint64_t launch, QueuedTask task) {
  executors_.at(executor).queue.emplace(launch, task);
}

void ExecutorPool::Dequeue(ExecutorId executor, uint64_t launch) {
  if (const auto found = executors_.find(executor); found != executors_.end())
    found->second.queue.erase(launch);
}

std::vector<ExecutorLoad> ExecutorPool::Loads() const {
  std::vector<ExecutorLoad> loads;
  loads.reserve(executors_.size());
  bool any = false;
  for (const auto& [id, executor] : executors_) {
    const int cores = std::max(0, executor.cores - executor.reserved);
    any = any || cores > 0;
    loads.push_back({id, cores, static_cast<int>(executor.queue.size())});
  }
  // After losses receivers may hold every core that is left; tasks still run.
  if (!any) {
    for (ExecutorLoad& load : loads) load.cores = 1;
  }
  return loads;
}

std::vector<ExecutorId> ExecutorPool::PeersOf(ExecutorId executor, size_t most) const {
  std::vector<ExecutorId> peers;
  auto at = executors_.upper_bound(executor);
  for (size_t i = 0; i < executors_.size() && peers.size() < most; ++i, ++at) {
    if (at == executors_.end()) at = executors_.begin();
    if (at->first != executor) peers.push_back(at->first);
  }
  return peers;
}

bool ExecutorPool::LearnsPlan(ExecutorId executor, const std::string& plan) {
  Plan& entry = plans_[plan];
  entry.used = ++uses_;
  return entry.known_to.insert(executor).second;
}

std::optional<ExecutorPool::OldPlan> ExecutorPool::ForgetOldPlan(size_t most) {
  if (plans_.size() <= most) return std::nullopt;
  const auto oldest = std::min_element(plans_.begin(), plans_.end(), [](const auto& a, const auto& b) {
    return a.second.used < b.second.used;
  });
  OldPlan old{oldest->first, std::move(oldest->second.known_to)};
  plans_.erase(oldest);
  return old;
}

}  // namespace millstream::driver
