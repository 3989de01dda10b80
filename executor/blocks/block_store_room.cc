// How the block store makes room in memory.
#include <algorithm>

#include "executor/blocks/block_store.h"
#include "executor/blocks/kept_block.h"

namespace millstream::executor {
namespace {

// Making room goes in steps of this part of the budget, so that not every slice pays for a search.
constexpr size_t kRoomParts = 32;

// Blocks that can be computed again.
bool CanBeDropped(const KeptBlock& block) {
  return block.id.kind == plan::BlockId::Kind::kRdd && !UsesDisk(block.level);
}

}  // namespace

bool BlockStore::ReserveFor(const KeptBlock& block, size_t bytes) {
  if (memory_->TryReserve(bytes)) return true;
  if (bytes > memory_->limit()) return false;
  // A kept RDD larger than memory would otherwise push out its own partitions just before they are read
  // again.
  std::optional<uint64_t> spared;
  if (CanBeDropped(block)) spared = block.id.a;
  for (int round = 0; round < 4; ++round) {
    MakeRoom(bytes, spared);
    if (memory_->TryReserve(bytes)) return true;
  }
  return false;
}

void BlockStore::MakeRoom(size_t bytes, std::optional<uint64_t> spared) {
  std::lock_guard room(room_mutex_);
  const size_t free = memory_->free();
  if (free >= bytes) return;
  std::vector<Victim> victims;
  Parts dropped;
  ChooseVictims(std::max(bytes - free, memory_->limit() / kRoomParts), spared, victims, dropped);
  MoveToDisk(std::move(victims));
}

void BlockStore::ChooseVictims(size_t bytes, std::optional<uint64_t> spared, std::vector<Victim>& victims,
                               Parts& dropped) {
  size_t found = 0;
  std::lock_guard lock(mutex_);
  for (auto at = lru_.begin(); at != lru_.end() && found < bytes; ++at) {
    KeptBlock& block = **at;
    if (CanBeDropped(block)) {
      const auto known = blocks_.find(block.id);
      if (block.id.a == spared || known == blocks_.end() || known->second[0].get() != &block) continue;
      found += block.memory_bytes;
      Erase(block.id, dropped);
      continue;
    }
    BlockHandle handle = UsesDisk(block.level) ? block.weak_from_this().lock() : nullptr;
    if (handle == nullptr) continue;
    for (size_t i = 0; i < block.slices.size() && found < bytes; ++i) {
      const KeptBlock::Slice& slice = block.slices[i];
      if (slice.memory.owner.use_count() != 1) continue;  // not in memory, or pinned by a reader
      found += slice.bytes;
      victims.push_back({handle, i, slice.memory});
    }
    if (!victims.empty() && victims.back().block == handle) continue;
    dropped.push_back(std::move(handle));  // must not die under the lock
  }
}

void BlockStore::MoveToDisk(std::vector<Victim> victims) {
  for (Victim& victim : victims) {
    absl::StatusOr<SpillLog::Extent> extent = disk_.Append(victim.slice.view);
    if (!extent.ok()) return;  // whoever needed the room is refused
    exec::Bytes freed;
    {
      std::lock_guard lock(mutex_);
      KeptBlock::Slice& slice = victim.block->slices[victim.index];
      if (slice.memory.owner == nullptr) continue;  // consumed meanwhile
      std::swap(freed, slice.memory);
      slice.extent = *std::move(extent);
      AddMemory(*victim.block, -static_cast<ptrdiff_t>(slice.bytes));
    }
    victim.slice = {};
  }
}

}  // namespace millstream::executor
