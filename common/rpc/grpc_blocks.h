#ifndef MILLSTREAM_COMMON_RPC_GRPC_BLOCKS_H_
#define MILLSTREAM_COMMON_RPC_GRPC_BLOCKS_H_

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "common/rpc/block_transport.h"
#include "common/rpc/rpc_channel.h"
#include "common/security/credentials.h"

namespace millstream::rpc {

class BlockingStream;

// Reads blocks from the GrpcBlockServers of the same application, over one connection to each. What is
// damaged or cut off is asked for again; a peer that gives nothing for the network timeout, or whose
// connection fails time after time, is Unavailable.
class GrpcBlockTransport : public BlockTransport {
 public:
  GrpcBlockTransport(const security::Credentials& own, std::chrono::milliseconds network_timeout);
  ~GrpcBlockTransport() override;

  // This process as a peer: its blocks are handed over by pointer. Before the first call; `blocks` outlives
  // the calls.
  void SetOwn(ExecutorId self, BlockSource& blocks);

  absl::Status Fetch(ExecutorId peer, std::span<const plan::BlockId> blocks,
                     const OnSlice& on_slice) override;
  absl::Status Put(ExecutorId peer, const plan::BlockId& id, const exec::Slices& slices) override;
  void SetPeer(ExecutorId peer, const std::string& address) override;

 private:
  // Where a peer serves, and what waits for it.
  struct Peer {
    std::string address;
    RpcChannel channel;

    std::mutex mutex;  // protects what follows
    bool gone = false;
    std::set<BlockingStream*> streams;
  };
  class Progress;

  std::shared_ptr<Peer> Find(ExecutorId peer);
  std::shared_ptr<Peer> Connect(ExecutorId peer, const std::string& address) const;
  // From now on another connection is used to `peer`, if it is not already.
  void Reconnect(ExecutorId peer, const std::shared_ptr<Peer>& damaged);
  // Runs `attempt` until it succeeds, fails for good, or fails time after time without `progress` changing.
  template <typename Attempt, typename GetProgress>
  absl::Status Retry(ExecutorId peer, const Attempt& attempt, const GetProgress& progress);
  // Ends a peer's calls when it is known to be gone.
  class Registration;

  absl::Status FetchOnce(Peer& peer, std::chrono::milliseconds patience, Progress& progress);
  absl::Status PutOnce(Peer& peer, std::chrono::milliseconds patience, const plan::BlockId& id,
                       const exec::Slices& slices);

  const security::Credentials credentials_;
  const std::chrono::milliseconds network_timeout_;
  ExecutorId self_{};
  BlockSource* own_ = nullptr;

  std::mutex mutex_;  // protects peers_
  std::map<ExecutorId, std::shared_ptr<Peer>> peers_;
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_GRPC_BLOCKS_H_
