#ifndef MILLSTREAM_EXECUTOR_BLOCKS_BLOCK_STORE_H_
#define MILLSTREAM_EXECUTOR_BLOCKS_BLOCK_STORE_H_

#include <millstream/exec/bytes.h>
#include <millstream/exec/kernel.h>
#include <millstream/exec/storage_level.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/rpc/block_transport.h"
#include "executor/blocks/memory_accountant.h"
#include "executor/blocks/slab_pool.h"
#include "executor/blocks/spill_log.h"

namespace millstream::executor {

class KeptBlock;
// Keeps a block readable, whether or not it can still be found by its id.
using BlockHandle = std::shared_ptr<KeptBlock>;

// Every block of the executor, least recently used first to leave memory. What may be on disk is written
// there slice by slice when the budget is short; an RDD's block that may not is forgotten, and computed again
// by who needs it. Received blocks are never forgotten. Thread-safe. Outlives its handles and streams.
class BlockStore : public rpc::BlockSource {
 public:
  // Makes room for the accountant's other users for as long as it lives.
  BlockStore(std::shared_ptr<MemoryAccountant> memory, std::shared_ptr<SlabPool> slabs,
             std::string spill_directory);
  ~BlockStore() override;

  // A block that grows slice by slice. It is written to disk like any other, but found by nobody before Keep,
  // and gone with its last handle.
  BlockHandle NewBlock(const plan::BlockId& id, StorageLevel level);
  // ResourceExhausted: its level knows memory only, and there is no room. Each block has one writer.
  absl::Status Append(const BlockHandle& block, exec::Bytes slice);
  // The slice that was appended as number `index`.
  absl::StatusOr<exec::Bytes> Read(const BlockHandle& block, size_t index);
  size_t SliceCount(const BlockHandle& block);
  // Frees a slice; it is not read again.
  void Forget(const BlockHandle& block, size_t index);

  // Makes a block known under its id, in place of an older one.
  void Keep(BlockHandle block);
  // The same for the output of map partition `map`, whole or not at all; a null handle is a reducer without
  // input.
  void KeepShuffle(uint64_t shuffle, uint64_t map, std::vector<BlockHandle> by_reducer);

  // A whole block at once: NewBlock, Append, Keep.
  absl::Status Put(const plan::BlockId& id, exec::Slices slices, StorageLevel level);

  // Its slices, one at a time; null if the block is not kept here.
  std::unique_ptr<exec::SliceStream> Open(const plan::BlockId& id);
  // The slices of a block that is complete, whoever knows it.
  std::unique_ptr<exec::SliceStream> Open(BlockHandle block);
  bool Contains(const plan::BlockId& id);

  void Drop(const plan::BlockId& id);
  void DropShuffle(uint64_t shuffle) { DropAll(plan::BlockId::Kind::kShuffle, shuffle); }
  void DropRdd(uint64_t rdd) { DropAll(plan::BlockId::Kind::kRdd, rdd); }
  void DropResults(uint64_t stage_run) { DropAll(plan::BlockId::Kind::kResult, stage_run); }

  // rpc::BlockSource, for peers. Copies may go to disk.
  absl::StatusOr<exec::Slices> Get(const plan::BlockId& id) override;
  absl::Status Put(const plan::BlockId& id, exec::Slices slices) override;

  MemoryAccountant& memory() { return *memory_; }
  SlabPool& slabs() { return *slabs_; }
  size_t block_count();

 private:
  friend class KeptBlock;
  using Group = std::pair<plan::BlockId::Kind, uint64_t>;
  struct GroupHash {
    size_t operator()(const Group& group) const {
      return std::hash<plan::BlockId>()({group.first, group.second, 0, 0});
    }
  };
  // One handle; the output of a map task has one per reducer.
  using Parts = std::vector<BlockHandle>;

  struct Victim {
    BlockHandle block;
    size_t index;
    exec::Bytes slice;
  };

  void Insert(const plan::BlockId& key, Parts parts);
  // nullopt: not kept. A null handle: an empty block.
  std::optional<BlockHandle> Find(const plan::BlockId& id);
  void DropAll(plan::BlockId::Kind kind, uint64_t owner);
  void Erase(const plan::BlockId& key, Parts& dropped);
  void TakeOut(const plan::BlockId& key, Parts& dropped);

  bool ReserveFor(const KeptBlock& block, size_t bytes);
  // Frees about `bytes` of memory; spares the partitions of `spared`, a kept RDD that is growing.
  void MakeRoom(size_t bytes, std::optional<uint64_t> spared);
  void ChooseVictims(size_t bytes, std::optional<uint64_t> spared, std::vector<Victim>& victims,
                     Parts& dropped);
  void MoveToDisk(std::vector<Victim> victims);
  absl::StatusOr<exec::Bytes> ReadBack(const SpillLog::Extent& extent, size_t bytes);
  void AddMemory(KeptBlock& block, ptrdiff_t bytes);
  void Touch(KeptBlock& block);
  void Retire(KeptBlock* block);

  const std::shared_ptr<MemoryAccountant> memory_;
  const std::shared_ptr<SlabPool> slabs_;
  SpillLog disk_;
  std::mutex room_mutex_;  // one thread makes room at a time; taken before mutex_
  std::mutex mutex_;       // everything below and the content of blocks; no handle dies under it
  std::unordered_map<plan::BlockId, Parts> blocks_;  // a map task's output under reducer 0
  std::unordered_map<Group, std::vector<plan::BlockId>, GroupHash> groups_;  // what is dropped together
  std::list<KeptBlock*> lru_;                                                // those with bytes in memory
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_BLOCKS_BLOCK_STORE_H_
