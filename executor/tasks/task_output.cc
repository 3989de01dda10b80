#include "executor/tasks/task_output.h"

#include <string>
#include <utility>

namespace millstream::executor {

ShuffleOutput::ShuffleOutput(BlockStore& store, uint64_t shuffle, uint64_t map, int reducers,
                             size_t small_bytes)
    : store_(store),
      shuffle_(shuffle),
      map_(map),
      blocks_(static_cast<size_t>(reducers)),
      small_bytes_(small_bytes),
      small_(small_bytes > 0 ? blocks_.size() : 0) {}

absl::Status ShuffleOutput::Add(uint32_t partition, exec::Bytes slice) {
  if (partition >= blocks_.size()) return absl::InternalError("a row for a reducer that does not exist");
  BlockHandle& block = blocks_[partition];
  if (block == nullptr) {
    block = store_.NewBlock({plan::BlockId::Kind::kShuffle, shuffle_, map_, partition},
                            StorageLevel::kMemoryAndDisk);
  }
  if (!small_.empty()) {
    if (slice.view.size() > small_bytes_ || !small_[partition].view.empty()) {
      small_.clear();
    } else {
      small_bytes_ -= slice.view.size();
      small_[partition] = slice;
    }
  }
  return store_.Append(block, std::move(slice));
}

absl::Status ShuffleOutput::Commit(proto::TaskStatus& status) {
  for (const exec::Bytes& slice : small_) status.add_small_output(slice.view.data(), slice.view.size());
  store_.KeepShuffle(shuffle_, map_, std::move(blocks_));
  return absl::OkStatus();
}

absl::Status ResultOutput::Add(uint32_t, exec::Bytes slice) {
  if (slice.view.empty()) return absl::OkStatus();
  if (block_ == nullptr && first_.view.empty() && slice.view.size() <= kInlineBytes) {
    first_ = std::move(slice);
    return absl::OkStatus();
  }
  if (block_ == nullptr) {
    block_ = store_.NewBlock(id_, StorageLevel::kMemoryAndDisk);
    absl::Status status = store_.Append(block_, std::exchange(first_, {}));
    if (!status.ok()) return status;
  }
  return store_.Append(block_, std::move(slice));
}

absl::Status ResultOutput::Commit(proto::TaskStatus& status) {
  if (block_ == nullptr) {
    status.set_result(first_.view.data(), first_.view.size());
  } else {
    status.set_result_stored(true);
    store_.Keep(std::move(block_));
  }
  return absl::OkStatus();
}

absl::Status CacheOutput::Add(uint32_t, exec::Bytes slice) {
  absl::Status status = store_.Append(block_, slice);
  if (!absl::IsResourceExhausted(status) || aside_) return status;
  status = HoldAside();
  return status.ok() ? store_.Append(block_, std::move(slice)) : status;
}

absl::Status CacheOutput::HoldAside() {
  const BlockHandle refused = std::move(block_);
  // Not an RDD's block to the store, as it has one reader and must not be forgotten.
  block_ = store_.NewBlock({plan::BlockId::Kind::kResult, 0, 0, 0}, StorageLevel::kMemoryAndDisk);
  aside_ = true;
  for (size_t i = 0; i < store_.SliceCount(refused); ++i) {
    absl::StatusOr<exec::Bytes> slice = store_.Read(refused, i);
    if (!slice.ok()) return slice.status();
    store_.Forget(refused, i);
    absl::Status status = store_.Append(block_, *std::move(slice));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

BlockHandle CacheOutput::Finish(bool& kept) {
  kept = !aside_;
  if (kept) store_.Keep(block_);
  return std::move(block_);
}

}  // namespace millstream::executor
