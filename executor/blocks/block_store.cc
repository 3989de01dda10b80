#include "executor/blocks/block_store.h"

#include <millstream/exec/task_error.h>

#include <algorithm>

#include "executor/blocks/kept_block.h"

namespace millstream::executor {
namespace {

using Kind = plan::BlockId::Kind;

class BlockSlices : public exec::SliceStream {
 public:
  BlockSlices(BlockStore& store, BlockHandle block, size_t count)
      : store_(store), block_(std::move(block)), count_(count) {}

  bool Next(exec::Bytes& slice) override {
    if (next_ == count_) return false;
    absl::StatusOr<exec::Bytes> read = store_.Read(block_, next_++);
    exec::ThrowIfError(read.status());
    slice = *std::move(read);
    return true;
  }

 private:
  BlockStore& store_;
  const BlockHandle block_;
  const size_t count_;
  size_t next_ = 0;
};

plan::BlockId KeyOf(const plan::BlockId& id) {
  plan::BlockId key = id;
  if (id.kind == Kind::kShuffle) key.c = 0;
  return key;
}

bool IsGrouped(Kind kind) { return kind == Kind::kShuffle || kind == Kind::kRdd || kind == Kind::kResult; }

}  // namespace

BlockStore::BlockStore(std::shared_ptr<MemoryAccountant> memory, std::shared_ptr<SlabPool> slabs,
                       std::string spill_directory)
    : memory_(std::move(memory)), slabs_(std::move(slabs)), disk_(std::move(spill_directory)) {
  memory_->SetMakeRoom([this](size_t bytes) { MakeRoom(bytes, std::nullopt); });
}

BlockStore::~BlockStore() {
  memory_->SetMakeRoom(nullptr);
  std::unordered_map<plan::BlockId, Parts> blocks;
  std::lock_guard room(room_mutex_);
  {
    std::lock_guard lock(mutex_);
    blocks.swap(blocks_);
  }
}

BlockHandle BlockStore::NewBlock(const plan::BlockId& id, StorageLevel level) {
  return {new KeptBlock(id, level), [this](KeptBlock* block) { Retire(block); }};
}

void BlockStore::Retire(KeptBlock* block) {
  {
    std::lock_guard lock(mutex_);
    if (block->listed) lru_.erase(block->place);
  }
  delete block;
}

absl::Status BlockStore::Append(const BlockHandle& block, exec::Bytes slice) {
  if (slice.view.empty()) return absl::OkStatus();
  KeptBlock::Slice kept;
  kept.bytes = slice.view.size();
  if (UsesMemory(block->level) && ReserveFor(*block, kept.bytes)) {
    kept.memory = memory_->Attach(std::move(slice));
  } else if (UsesDisk(block->level)) {
    absl::StatusOr<SpillLog::Extent> extent = disk_.Append(slice.view);
    if (!extent.ok()) return extent.status();
    kept.extent = *std::move(extent);
  } else {
    return absl::ResourceExhaustedError("no memory is left for block " + ToString(block->id));
  }
  const bool in_memory = kept.memory.owner != nullptr;
  std::lock_guard lock(mutex_);
  block->slices.push_back(std::move(kept));
  if (in_memory) AddMemory(*block, static_cast<ptrdiff_t>(block->slices.back().bytes));
  return absl::OkStatus();
}

absl::StatusOr<exec::Bytes> BlockStore::Read(const BlockHandle& block, size_t index) {
  SpillLog::Extent extent;
  size_t bytes = 0;
  {
    std::lock_guard lock(mutex_);
    const KeptBlock::Slice& slice = block->slices[index];
    if (slice.memory.owner != nullptr) return slice.memory;
    extent = slice.extent;
    bytes = slice.bytes;
  }
  if (!extent) return absl::NotFoundError("block " + ToString(block->id) + " was dropped while it was read");
  return ReadBack(extent, bytes);
}

absl::StatusOr<exec::Bytes> BlockStore::ReadBack(const SpillLog::Extent& extent, size_t bytes) {
  // A reader holds one slice at a time; it is served even when all memory is pinned.
  const bool reserved = memory_->Reserve(bytes);
  std::shared_ptr<char> buffer = slabs_->Take(bytes);
  absl::Status status = extent.Read(buffer.get(), bytes);
  if (!status.ok()) {
    if (reserved) memory_->Release(bytes);
    return status;
  }
  const std::string_view view(buffer.get(), bytes);
  exec::Bytes slice{std::move(buffer), view};
  return reserved ? memory_->Attach(std::move(slice)) : slice;
}

size_t BlockStore::SliceCount(const BlockHandle& block) {
  std::lock_guard lock(mutex_);
  return block->slices.size();
}

void BlockStore::Forget(const BlockHandle& block, size_t index) {
  KeptBlock::Slice freed;
  std::lock_guard lock(mutex_);
  KeptBlock::Slice& slice = block->slices[index];
  if (slice.memory.owner != nullptr) AddMemory(*block, -static_cast<ptrdiff_t>(slice.bytes));
  std::swap(freed, slice);
}

void BlockStore::Keep(BlockHandle block) {
  const plan::BlockId key = block->id;
  Parts parts;
  parts.push_back(std::move(block));
  Insert(key, std::move(parts));
}

void BlockStore::KeepShuffle(uint64_t shuffle, uint64_t map, std::vector<BlockHandle> by_reducer) {
  Insert({Kind::kShuffle, shuffle, map, 0}, std::move(by_reducer));
}

void BlockStore::Insert(const plan::BlockId& key, Parts parts) {
  std::lock_guard lock(mutex_);
  const auto [at, inserted] = blocks_.try_emplace(key);
  if (inserted && IsGrouped(key.kind)) groups_[{key.kind, key.a}].push_back(key);
  at->second.swap(parts);
}

absl::Status BlockStore::Put(const plan::BlockId& id, exec::Slices slices, StorageLevel level) {
  BlockHandle block = NewBlock(id, level);
  for (exec::Bytes& slice : slices) {
    absl::Status status = Append(block, std::move(slice));
    if (!status.ok()) return status;
  }
  Keep(std::move(block));
  return absl::OkStatus();
}

absl::Status BlockStore::Put(const plan::BlockId& id, exec::Slices slices) {
  return Put(id, std::move(slices), StorageLevel::kMemoryAndDisk);
}

std::optional<BlockHandle> BlockStore::Find(const plan::BlockId& id) {
  std::lock_guard lock(mutex_);
  const auto at = blocks_.find(KeyOf(id));
  if (at == blocks_.end()) return std::nullopt;
  const size_t part = id.kind == Kind::kShuffle ? id.c : 0;
  if (part >= at->second.size()) return std::nullopt;
  const BlockHandle& block = at->second[part];
  if (block != nullptr) Touch(*block);
  return block;
}

bool BlockStore::Contains(const plan::BlockId& id) { return Find(id).has_value(); }

std::unique_ptr<exec::SliceStream> BlockStore::Open(const plan::BlockId& id) {
  std::optional<BlockHandle> block = Find(id);
  return block ? Open(*std::move(block)) : nullptr;
}

std::unique_ptr<exec::SliceStream> BlockStore::Open(BlockHandle block) {
  const size_t count = block == nullptr ? 0 : SliceCount(block);
  return std::make_unique<BlockSlices>(*this, std::move(block), count);
}

absl::StatusOr<exec::Slices> BlockStore::Get(const plan::BlockId& id) {
  const std::optional<BlockHandle> block = Find(id);
  if (!block) return absl::NotFoundError("block " + ToString(id) + " is not kept here");
  exec::Slices slices;
  if (*block == nullptr) return slices;
  for (size_t i = 0; i < (*block)->slices.size(); ++i) {
    absl::StatusOr<exec::Bytes> slice = Read(*block, i);
    if (!slice.ok()) return slice.status();
    slices.push_back(*std::move(slice));
  }
  return slices;
}

void BlockStore::TakeOut(const plan::BlockId& key, Parts& dropped) {
  const auto at = blocks_.find(key);
  if (at == blocks_.end()) return;
  std::move(at->second.begin(), at->second.end(), std::back_inserter(dropped));
  blocks_.erase(at);
}

void BlockStore::Erase(const plan::BlockId& key, Parts& dropped) {
  TakeOut(key, dropped);
  const auto group = groups_.find({key.kind, key.a});
  if (group == groups_.end()) return;
  std::erase(group->second, key);
  if (group->second.empty()) groups_.erase(group);
}

void BlockStore::Drop(const plan::BlockId& id) {
  Parts dropped;
  std::lock_guard lock(mutex_);
  Erase(KeyOf(id), dropped);
}

void BlockStore::DropAll(Kind kind, uint64_t owner) {
  Parts dropped;
  std::lock_guard lock(mutex_);
  const auto group = groups_.find({kind, owner});
  if (group == groups_.end()) return;
  for (const plan::BlockId& key : group->second) TakeOut(key, dropped);
  groups_.erase(group);
}

size_t BlockStore::block_count() {
  std::lock_guard lock(mutex_);
  return blocks_.size();
}

void BlockStore::AddMemory(KeptBlock& block, ptrdiff_t bytes) {
  block.memory_bytes += static_cast<size_t>(bytes);
  if (block.memory_bytes > 0 && !block.listed) {
    block.place = lru_.insert(lru_.end(), &block);
    block.listed = true;
  } else if (block.memory_bytes == 0 && block.listed) {
    lru_.erase(block.place);
    block.listed = false;
  }
}

void BlockStore::Touch(KeptBlock& block) {
  if (block.listed) lru_.splice(lru_.end(), lru_, block.place);
}

}  // namespace millstream::executor
