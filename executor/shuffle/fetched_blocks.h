#ifndef MILLSTREAM_EXECUTOR_SHUFFLE_FETCHED_BLOCKS_H_
#define MILLSTREAM_EXECUTOR_SHUFFLE_FETCHED_BLOCKS_H_

#include <millstream/exec/kernel.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "common/base/ids.h"
#include "common/plan/block_id.h"
#include "common/rpc/block_transport.h"
#include "executor/blocks/block_store.h"
#include "executor/shuffle/fetch_threads.h"

namespace millstream::executor {

// What one launch reads from peers: one fetch per peer for all its blocks, into the block store, where it
// counts and may go to disk. Thread-safe after Start. Shared by the launch and the fetches that run.
class FetchedBlocks : public std::enable_shared_from_this<FetchedBlocks> {
 public:
  FetchedBlocks(BlockStore& store, rpc::BlockTransport& transport) : store_(store), transport_(transport) {}

  // Before Start, once per reader of the block. Blocks arrive in the order in which they were added.
  void Add(ExecutorId peer, const plan::BlockId& id);
  void Start(FetchThreads& threads);

  // True if `id` was added.
  bool Contains(const plan::BlockId& id) const { return blocks_.contains(id); }

  // The next slice of a block that was added, in order; waits for it. False at the end; otherwise the error
  // that the fetch of the block ended with. `next` counts from 0. Slices of a block with one reader are freed
  // as they are read.
  absl::StatusOr<bool> Next(const plan::BlockId& id, size_t next, exec::Bytes& slice);

  // Makes a block whole before any of its slices is read, so that another source can still be tried.
  absl::Status WaitFor(const plan::BlockId& id);

  // Fetches a block now, on the calling thread.
  static absl::StatusOr<BlockHandle> FetchNow(BlockStore& store, rpc::BlockTransport& transport,
                                              ExecutorId peer, const plan::BlockId& id);

  // Ends all fetches; who waits gets Cancelled.
  void Cancel();

 private:
  struct Block {
    BlockHandle handle;
    int readers = 0;
    size_t slices = 0;  // arrived
    bool done = false;
    absl::Status status;
  };
  void Fetch(ExecutorId peer);
  bool OnSlice(Block& block, absl::StatusOr<exec::Bytes> slice, bool last);
  void End(std::span<const plan::BlockId> ids, const absl::Status& status);

  BlockStore& store_;
  rpc::BlockTransport& transport_;
  std::unordered_map<plan::BlockId, Block> blocks_;  // fixed after Start
  std::map<ExecutorId, std::vector<plan::BlockId>> peers_;
  std::mutex mutex_;  // the content of blocks_
  std::condition_variable arrived_;
  bool cancelled_ = false;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_SHUFFLE_FETCHED_BLOCKS_H_
