#ifndef MILLSTREAM_COMMON_RPC_DELIVER_SLICES_H_
#define MILLSTREAM_COMMON_RPC_DELIVER_SLICES_H_

#include "common/rpc/block_transport.h"

namespace millstream::rpc {

// Calls `on_slice` for a block that is in this process, or for what took its place. False if the fetch is to
// end.
bool DeliverSlices(size_t block, absl::StatusOr<exec::Slices> slices,
                   const BlockTransport::OnSlice& on_slice);

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_DELIVER_SLICES_H_
