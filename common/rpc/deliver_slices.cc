#include "common/rpc/deliver_slices.h"

#include <utility>

namespace millstream::rpc {

bool DeliverSlices(size_t block, absl::StatusOr<exec::Slices> slices,
                   const BlockTransport::OnSlice& on_slice) {
  if (!slices.ok()) return on_slice(block, slices.status(), true);
  if (slices->empty()) return on_slice(block, exec::Bytes{}, true);
  for (size_t i = 0; i < slices->size(); ++i) {
    if (!on_slice(block, std::move((*slices)[i]), i + 1 == slices->size())) return false;
  }
  return true;
}

}  // namespace millstream::rpc
