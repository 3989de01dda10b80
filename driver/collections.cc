#include "driver/collections.h"

#include <unordered_set>

#include "absl/status/status.h"

namespace millstream::driver {

Collections::Lease::Lease(Collections& collections, const std::shared_ptr<const plan::Node>& root)
    : collections_(collections) {
  std::unordered_set<const plan::Node*> seen{root.get()};
  std::vector<std::shared_ptr<const plan::Node>> open{root};
  while (!open.empty()) {
    const std::shared_ptr<const plan::Node> node = std::move(open.back());
    open.pop_back();
    if (!node->collection.empty()) nodes_.push_back(node);
    for (const plan::Dependency& dependency : node->parents) {
      if (dependency.parent != nullptr && seen.insert(dependency.parent.get()).second)
        open.push_back(dependency.parent);
    }
  }
  if (nodes_.empty()) return;
  std::lock_guard lock(collections_.mutex_);
  for (const auto& node : nodes_) {
    Served& served = collections_.nodes_[node->id];
    served.node = node;
    ++served.leases;
  }
}

Collections::Lease::~Lease() {
  if (nodes_.empty()) return;
  std::lock_guard lock(collections_.mutex_);
  for (const auto& node : nodes_) {
    const auto served = collections_.nodes_.find(node->id);
    if (--served->second.leases == 0) collections_.nodes_.erase(served);
  }
}

absl::StatusOr<exec::Slices> Collections::Get(const plan::BlockId& id) {
  std::shared_ptr<const plan::Node> node;
  {
    std::lock_guard lock(mutex_);
    const auto served = nodes_.find(id.a);
    if (served != nodes_.end()) node = served->second.node;
  }
  if (id.kind != plan::BlockId::Kind::kCollection || node == nullptr || id.b >= node->collection.size()) {
    return absl::NotFoundError("the driver does not keep block " + plan::ToString(id));
  }
  return node->collection[id.b];
}

absl::Status Collections::Put(const plan::BlockId& id, exec::Slices) {
  return absl::UnimplementedError("the driver keeps no copies: block " + plan::ToString(id));
}

}  // namespace millstream::driver
