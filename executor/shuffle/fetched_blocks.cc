#include "executor/shuffle/fetched_blocks.h"

#include <utility>

namespace millstream::executor {

void FetchedBlocks::Add(ExecutorId peer, const plan::BlockId& id) {
  const auto [at, inserted] = blocks_.try_emplace(id);
  ++at->second.readers;
  if (!inserted) return;
  at->second.handle = store_.NewBlock(id, StorageLevel::kMemoryAndDisk);
  peers_[peer].push_back(id);
}

void FetchedBlocks::Start(FetchThreads& threads) {
  for (const auto& [peer, ids] : peers_) {
    threads.Run([self = shared_from_this(), fetched_peer = peer] { self->Fetch(fetched_peer); });
  }
}

void FetchedBlocks::Fetch(ExecutorId peer) {
  const std::vector<plan::BlockId>& ids = peers_.at(peer);
  const absl::Status status =
      transport_.Fetch(peer, ids, [&](size_t block, absl::StatusOr<exec::Bytes> slice, bool last) {
        return block < ids.size() && OnSlice(blocks_.find(ids[block])->second, std::move(slice), last);
      });
  End(ids, status.ok() ? absl::InternalError("the peer left it out") : status);
}

bool FetchedBlocks::OnSlice(Block& block, absl::StatusOr<exec::Bytes> slice, bool last) {
  absl::Status status = slice.ok() ? store_.Append(block.handle, *std::move(slice)) : slice.status();
  std::lock_guard lock(mutex_);
  if (block.done) return !cancelled_;
  if (!status.ok()) {
    block.status = std::move(status);
    block.done = true;
  } else {
    block.slices = store_.SliceCount(block.handle);
    block.done = last;
  }
  arrived_.notify_all();
  return !cancelled_;
}

void FetchedBlocks::End(std::span<const plan::BlockId> ids, const absl::Status& status) {
  std::lock_guard lock(mutex_);
  for (const plan::BlockId& id : ids) {
    Block& block = blocks_.find(id)->second;
    if (!block.done) block.status = status;
    block.done = true;
  }
  arrived_.notify_all();
}

absl::StatusOr<bool> FetchedBlocks::Next(const plan::BlockId& id, size_t next, exec::Bytes& slice) {
  Block& block = blocks_.find(id)->second;
  {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return block.done || next < block.slices; });
    if (next >= block.slices) {
      if (!block.status.ok()) return block.status;
      return false;
    }
  }
  absl::StatusOr<exec::Bytes> read = store_.Read(block.handle, next);
  if (!read.ok()) return read.status();
  slice = *std::move(read);
  if (block.readers == 1) store_.Forget(block.handle, next);
  return true;
}

absl::Status FetchedBlocks::WaitFor(const plan::BlockId& id) {
  const Block& block = blocks_.find(id)->second;
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [&] { return block.done; });
  return block.status;
}

absl::StatusOr<BlockHandle> FetchedBlocks::FetchNow(BlockStore& store, rpc::BlockTransport& transport,
                                                    ExecutorId peer, const plan::BlockId& id) {
  BlockHandle handle = store.NewBlock(id, StorageLevel::kMemoryAndDisk);
  absl::Status failed;
  bool whole = false;
  const absl::Status status =
      transport.Fetch(peer, std::span(&id, 1), [&](size_t, absl::StatusOr<exec::Bytes> slice, bool last) {
        failed = slice.ok() ? store.Append(handle, *std::move(slice)) : slice.status();
        whole = whole || (last && failed.ok());
        return failed.ok();
      });
  if (!failed.ok()) return failed;
  if (!status.ok()) return status;
  if (!whole) return absl::InternalError("the peer left it out");
  return handle;
}

void FetchedBlocks::Cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
  for (auto& [id, block] : blocks_) {
    if (!block.done) block.status = absl::CancelledError("the task was cancelled");
    block.done = true;
  }
  arrived_.notify_all();
}

}  // namespace millstream::executor
