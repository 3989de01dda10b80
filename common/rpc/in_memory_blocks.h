#ifndef MILLSTREAM_COMMON_RPC_IN_MEMORY_BLOCKS_H_
#define MILLSTREAM_COMMON_RPC_IN_MEMORY_BLOCKS_H_

#include <functional>
#include <map>
#include <shared_mutex>

#include "common/rpc/block_transport.h"

namespace millstream::rpc {

// Blocks of peers in the same process: pointers are handed over. One instance serves all peers; who is
// registered is there.
class InMemoryBlockTransport : public BlockTransport {
 public:
  // `source` is used until the Unregister() of its peer returns.
  void Register(ExecutorId peer, BlockSource& source);
  void Unregister(ExecutorId peer);

  // For tests: asked before each block is read; an error takes the block's place. Set before any fetch.
  void FailFetches(std::function<absl::Status(ExecutorId peer, const plan::BlockId& id)> fault);

  absl::Status Fetch(ExecutorId peer, std::span<const plan::BlockId> blocks,
                     const OnSlice& on_slice) override;
  absl::Status Put(ExecutorId peer, const plan::BlockId& id, const exec::Slices& slices) override;
  // Nothing: peers in this process have no address.
  void SetPeer(ExecutorId peer, const std::string& address) override;

 private:
  absl::StatusOr<exec::Slices> Get(ExecutorId peer, const plan::BlockId& id);

  std::function<absl::Status(ExecutorId, const plan::BlockId&)> fault_;
  std::shared_mutex mutex_;  // protects sources_; shared while a source is used
  std::map<ExecutorId, BlockSource*> sources_;
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_IN_MEMORY_BLOCKS_H_
