#include "executor/tasks/cached_rows.h"

#include <millstream/exec/task_error.h>

#include <utility>

#include "executor/shuffle/fetched_blocks.h"
#include "executor/tasks/task_output.h"

namespace millstream::executor {

bool CachedRows::Next(exec::Chunk& chunk) {
  if (rows_ == nullptr) {
    const PreparedNode& node = streams_.launch().plan().node(node_);
    rows_ = streams_.Reader(node.cache->decode, node.operation.c_str(), Find());
  }
  return rows_->Next(chunk);
}

std::unique_ptr<exec::SliceStream> CachedRows::Find() {
  const CachedRdd& cache = streams_.launch().cache(streams_.launch().plan().node(node_).cache->slot);
  const plan::BlockId id{plan::BlockId::Kind::kRdd, cache.rdd, static_cast<uint64_t>(partition_), 0};
  std::unique_ptr<exec::SliceStream> slices = streams_.parts().blocks->Open(id);
  if (slices == nullptr) slices = FromPeer(cache, id);
  if (slices == nullptr) slices = Compute(id);
  return slices;
}

std::unique_ptr<exec::SliceStream> CachedRows::FromPeer(const CachedRdd& cache, const plan::BlockId& id) {
  const auto place = cache.places.find(partition_);
  if (place == cache.places.end() || place->second == streams_.parts().self) return nullptr;
  BlockStore& store = *streams_.parts().blocks;
  absl::StatusOr<BlockHandle> block =
      FetchedBlocks::FetchNow(store, *streams_.parts().transport, place->second, id);
  return block.ok() ? store.Open(*std::move(block)) : nullptr;
}

std::unique_ptr<exec::SliceStream> CachedRows::Compute(const plan::BlockId& id) {
  const PreparedNode& node = streams_.launch().plan().node(node_);
  BlockStore& store = *streams_.parts().blocks;
  CacheOutput output(store, id, node.cache->level);
  exec::Chunk none;
  std::unique_ptr<exec::ChunkStream> writer = streams_.Writer(node.cache->encode, node.operation.c_str(),
                                                              streams_.Computed(node_, partition_), output);
  while (writer->Next(none)) {
  }
  writer.reset();
  bool kept = false;
  BlockHandle block = output.Finish(kept);
  if (kept) streams_.cached().emplace_back(id.a, partition_);
  return store.Open(std::move(block));
}

}  // namespace millstream::executor
