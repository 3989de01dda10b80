#ifndef MILLSTREAM_DEPLOY_MASTER_PLACEMENT_H_
#define MILLSTREAM_DEPLOY_MASTER_PLACEMENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/cluster.pb.h"

namespace millstream::deploy {

// What a worker has left.
struct FreeWorker {
  std::string id;
  uint32_t cores = 0;
  uint64_t memory_bytes = 0;
  bool has_executor = false;  // of the application that is placed
};

// What an application holds already.
struct Held {
  uint32_t executors = 0;
  uint32_t cores = 0;
};

struct PlacedExecutor {
  std::string worker;
  uint32_t cores = 0;

  bool operator==(const PlacedExecutor&) const = default;
};

// The executors that an application gets now: as many as it asks for and as fit, spread over as many workers
// as possible, the ones with the most free cores first. Without a number of cores for each, an application
// has one executor per worker, of all the cores it gets there.
std::vector<PlacedExecutor> PlaceExecutors(const proto::ExecutorRequest& request, const Held& held,
                                           std::vector<FreeWorker> workers);

// The worker that a driver gets: of those with room for it, the one with the most free cores.
std::optional<std::string> PlaceDriver(const proto::DriverRequest& request,
                                       const std::vector<FreeWorker>& workers);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_MASTER_PLACEMENT_H_
