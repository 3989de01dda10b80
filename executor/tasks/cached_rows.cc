#include "executor/tasks/cached_rows.h"

#include <millstream/exec/task_error.h>

#include <utility>

#include "executor/shuffle/fetched_blocks.h"
#include "executor/tasks/task_output.h"

namespace millstream::executor {

bool CachedRows::Next(exec::Chunk& chunk) {
  if (rows_ == nullptr) {
    const PreparedNode& node = streams_.launch().plan().node(node_);
    rows_ = streams_.Reader(node.cache->decode, node.operation.c_str(), Find(), as_views_);
  }
  return rows_->Next(chunk);
}

std::unique_ptr<exec::SliceStream> CachedRows::Find() {
  const CachedRdd& cache = streams_.launch().cache(streams_.launch().plan().node(node_).cache->slot);
  const plan::BlockId id{plan::BlockId::Kind::kRdd, cache.rdd, static_cast<uint64_t>(partition_), 0};
  std::unique_ptr<exec::SliceStream> slices = streams_.parts().blocks->Open(id);
  if (slices == nullptr) slices = FromPeer(cache, id);
  if (slices == nullptr) slices = Compute(cache, id);
  return slices;
}

std::unique_ptr<exec::SliceStream> CachedRows::FromPeer(const CachedRdd& cache, const plan::BlockId& id) {
  const auto places = cache.places.find(partition_);
  if (places == cache.places.end()) return nullptr;
  BlockStore& store = *streams_.parts().blocks;
  for (const ExecutorId peer : places->second) {
    absl::StatusOr<BlockHandle> block = FetchedBlocks::FetchNow(store, *streams_.parts().transport, peer, id);
    if (block.ok()) return store.Open(*std::move(block));
  }
  return nullptr;
}

std::unique_ptr<exec::SliceStream> CachedRows::Compute(const CachedRdd& cache, const plan::BlockId& id) {
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
  if (kept) {
    proto::KeptPartition& told = streams_.kept().emplace_back();
    told.set_rdd(cache.rdd);
    told.set_partition(static_cast<uint32_t>(partition_));
    told.add_executors(Number(streams_.parts().self));
    if (const std::optional<ExecutorId> peer = Copy(cache, id)) told.add_executors(Number(*peer));
  }
  return store.Open(std::move(block));
}

std::optional<ExecutorId> CachedRows::Copy(const CachedRdd& cache, const plan::BlockId& id) {
  const std::vector<ExecutorId>& peers = cache.replica_peers;
  if (peers.empty()) return std::nullopt;
  const absl::StatusOr<exec::Slices> slices = streams_.parts().blocks->Get(id);
  if (!slices.ok()) return std::nullopt;  // forgotten already: memory is short
  for (size_t i = 0; i < peers.size() && !streams_.launch().cancelled(); ++i) {
    // Partitions begin with different peers, so that copies spread.
    const ExecutorId peer = peers[(static_cast<size_t>(partition_) + i) % peers.size()];
    if (streams_.parts().transport->Put(peer, id, *slices).ok()) return peer;
  }
  return std::nullopt;
}

}  // namespace millstream::executor
