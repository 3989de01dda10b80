#include "driver/batches/receiver_placement.h"

#include <algorithm>
#include <tuple>

namespace millstream::driver {

std::optional<ExecutorId> PlaceReceiver(const std::vector<ReceiverLoad>& executors,
                                        const std::string& preferred_host) {
  int free = 0;
  for (const ReceiverLoad& load : executors) free += std::max(0, load.cores - load.receivers);
  if (free < 2) return std::nullopt;
  const auto rank = [&](const ReceiverLoad& load) {
    const bool elsewhere = preferred_host.empty() || load.host != preferred_host;
    return std::tuple(load.cores <= load.receivers, elsewhere, load.receivers, load.receivers - load.cores);
  };
  return std::ranges::min_element(executors, {}, rank)->executor;
}

}  // namespace millstream::driver
