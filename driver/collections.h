#ifndef MILLSTREAM_DRIVER_COLLECTIONS_H_
#define MILLSTREAM_DRIVER_COLLECTIONS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "common/plan/node.h"
#include "common/rpc/block_transport.h"

namespace millstream::driver {

// Serves the rows that live on the driver while jobs run that need them. Thread-safe.
class Collections : public rpc::BlockSource {
 public:
  // While this lives, the collections in the lineage of a node are served.
  class Lease {
   public:
    Lease(Collections& collections, const std::shared_ptr<const plan::Node>& root);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

   private:
    Collections& collections_;
    std::vector<std::shared_ptr<const plan::Node>> nodes_;
  };

  absl::StatusOr<exec::Slices> Get(const plan::BlockId& id) override;
  absl::Status Put(const plan::BlockId& id, exec::Slices slices) override;

 private:
  struct Served {
    std::shared_ptr<const plan::Node> node;
    int leases = 0;
  };
  std::mutex mutex_;  // protects nodes_
  std::map<uint64_t, Served> nodes_;
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_COLLECTIONS_H_
