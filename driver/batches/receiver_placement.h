#ifndef MILLSTREAM_DRIVER_BATCHES_RECEIVER_PLACEMENT_H_
#define MILLSTREAM_DRIVER_BATCHES_RECEIVER_PLACEMENT_H_

#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"

namespace millstream::driver {

struct ReceiverLoad {
  ExecutorId executor{};
  int cores = 1;
  int receivers = 0;
  std::string host = {};
};

// Where one more receiver goes: to an executor of the preferred host if one has a free core, else to any;
// there to the one with the fewest receivers, then with the most free cores, then the first. None if there is
// no free core, or if it would take the last one tasks have. No host: any.
std::optional<ExecutorId> PlaceReceiver(const std::vector<ReceiverLoad>& executors,
                                        const std::string& preferred_host);

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_BATCHES_RECEIVER_PLACEMENT_H_
