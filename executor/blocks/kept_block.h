#ifndef MILLSTREAM_EXECUTOR_BLOCKS_KEPT_BLOCK_H_
#define MILLSTREAM_EXECUTOR_BLOCKS_KEPT_BLOCK_H_

#include <cstddef>
#include <list>
#include <memory>
#include <vector>

#include "executor/blocks/block_store.h"

namespace millstream::executor {

// A block's slices, each in memory or on disk. The block store's, under its mutex.
class KeptBlock : public std::enable_shared_from_this<KeptBlock> {
 public:
  KeptBlock(const plan::BlockId& block_id, StorageLevel storage_level) : id(block_id), level(storage_level) {}

  struct Slice {
    exec::Bytes memory;       // no owner: not in memory
    SpillLog::Extent extent;  // empty: not on disk
    size_t bytes = 0;
  };

  const plan::BlockId id;
  const StorageLevel level;
  std::vector<Slice> slices;
  size_t memory_bytes = 0;
  bool listed = false;  // in the store's list, at `place`
  std::list<KeptBlock*>::iterator place;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_BLOCKS_KEPT_BLOCK_H_
