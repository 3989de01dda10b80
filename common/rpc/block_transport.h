#ifndef MILLSTREAM_COMMON_RPC_BLOCK_TRANSPORT_H_
#define MILLSTREAM_COMMON_RPC_BLOCK_TRANSPORT_H_

#include <millstream/exec/bytes.h>

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "common/plan/block_id.h"

namespace millstream::rpc {

// Whoever keeps blocks and serves them to peers: an executor's block store, the driver's collections.
// Thread-safe.
class BlockSource {
 public:
  virtual ~BlockSource() = default;
  // The block's slices, pinned. NotFound if it is not kept here.
  virtual absl::StatusOr<exec::Slices> Get(const plan::BlockId& id) = 0;
  // Keeps a copy of a peer's block. ResourceExhausted if there is no room.
  virtual absl::Status Put(const plan::BlockId& id, exec::Slices slices) = 0;
};

// Reads blocks from peers. Pieces are checked (CRC32C) and asked for again when damaged or cut off, a bounded
// number of times. Same-process peers hand over pointers. Thread-safe; calls block.
class BlockTransport {
 public:
  virtual ~BlockTransport() = default;

  // Called for every slice in order; `last` comes with a block's last one. An empty block has one call, with
  // an empty slice. NotFound in place of a slice: the peer lacks that block. Returning false ends the fetch
  // (Cancelled). May block: the peer is then not read from.
  using OnSlice = std::function<bool(size_t block, absl::StatusOr<exec::Bytes> slice, bool last)>;

  // Reads `blocks` from `peer` over one stream, in the order asked. Unavailable if the peer cannot be reached
  // or goes away.
  virtual absl::Status Fetch(ExecutorId peer, std::span<const plan::BlockId> blocks,
                             const OnSlice& on_slice) = 0;

  // Gives `peer` a copy of a block.
  virtual absl::Status Put(ExecutorId peer, const plan::BlockId& id, const exec::Slices& slices) = 0;

  // Where a peer serves; an empty address: it is gone, and what waits for it fails.
  virtual void SetPeer(ExecutorId peer, const std::string& address) = 0;
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_BLOCK_TRANSPORT_H_
