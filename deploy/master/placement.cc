#include "deploy/master/placement.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace millstream::deploy {
namespace {

// How much of a bound is left; a bound of 0 is none.
uint32_t Left(uint32_t bound, uint32_t used) {
  if (bound == 0) return std::numeric_limits<uint32_t>::max();
  return bound - std::min(bound, used);
}

}  // namespace

std::vector<PlacedExecutor> PlaceExecutors(const proto::ExecutorRequest& request, const Held& held,
                                           std::vector<FreeWorker> workers) {
  std::ranges::sort(workers, [](const FreeWorker& a, const FreeWorker& b) {
    return std::tie(b.cores, a.id) < std::tie(a.cores, b.id);
  });
  const uint64_t memory = request.executor_memory_bytes();
  const bool one_per_worker = request.executor_cores() == 0;
  const uint32_t step = one_per_worker ? 1 : request.executor_cores();
  uint32_t executors_left = Left(request.executors(), held.executors);
  uint32_t cores_left = Left(request.total_cores(), held.cores);

  std::vector<PlacedExecutor> placed;
  std::vector<PlacedExecutor> grown;  // one_per_worker: by worker, of no cores until it gets the first
  grown.reserve(workers.size());
  for (const FreeWorker& worker : workers) grown.push_back({worker.id, 0});
  // A step for each worker that has room, round after round.
  for (bool any = true; any;) {
    any = false;
    for (size_t i = 0; i < workers.size() && cores_left >= step; ++i) {
      FreeWorker& worker = workers[i];
      const bool starts = !one_per_worker || grown[i].cores == 0;
      const bool refused = starts && (executors_left == 0 || worker.memory_bytes < memory ||
                                      (one_per_worker && worker.has_executor));
      if (worker.cores < step || refused) continue;
      if (starts) {
        --executors_left;
        worker.memory_bytes -= memory;
      }
      if (one_per_worker) {
        ++grown[i].cores;
      } else {
        placed.push_back({worker.id, step});
      }
      worker.cores -= step;
      cores_left -= step;
      any = true;
    }
  }
  for (const PlacedExecutor& executor : grown) {
    if (executor.cores > 0) placed.push_back(executor);
  }
  return placed;
}

std::optional<std::string> PlaceDriver(const proto::DriverRequest& request,
                                       const std::vector<FreeWorker>& workers) {
  const FreeWorker* best = nullptr;
  for (const FreeWorker& worker : workers) {
    if (worker.cores < request.cores() || worker.memory_bytes < request.memory_bytes()) continue;
    if (best == nullptr || worker.cores > best->cores) best = &worker;
  }
  if (best == nullptr) return std::nullopt;
  return best->id;
}

}  // namespace millstream::deploy
