#include "driver/batches/receiver_placement.h"

namespace millstream::driver {

std::optional<ExecutorId> PlaceReceiver(const std::vector<ReceiverLoad>& executors) {
  int free = 0;
  const ReceiverLoad* best = nullptr;
  for (const ReceiverLoad& load : executors) {
    const int cores = load.cores - load.receivers;
    if (cores <= 0) continue;
    free += cores;
    if (best == nullptr || load.receivers < best->receivers ||
        (load.receivers == best->receivers && cores > best->cores - best->receivers)) {
      best = &load;
    }
  }
  if (free < 2) return std::nullopt;
  return best->executor;
}

}  // namespace millstream::driver
