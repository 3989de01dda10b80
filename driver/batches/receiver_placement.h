#ifndef MILLSTREAM_DRIVER_BATCHES_RECEIVER_PLACEMENT_H_
#define MILLSTREAM_DRIVER_BATCHES_RECEIVER_PLACEMENT_H_

#include <optional>
#include <vector>

#include "common/base/ids.h"

namespace millstream::driver {

struct ReceiverLoad {
  ExecutorId executor{};
  int cores = 1;
  int receivers = 0;
};

// Where one more receiver goes: to the executor with the fewest, then with the most free cores, then the
// first. None if there is no free core, or if it would take the last one tasks have.
std::optional<ExecutorId> PlaceReceiver(const std::vector<ReceiverLoad>& executors);

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_BATCHES_RECEIVER_PLACEMENT_H_
