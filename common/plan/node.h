#ifndef MILLSTREAM_COMMON_PLAN_NODE_H_
#define MILLSTREAM_COMMON_PLAN_NODE_H_

#include <millstream/exec/bytes.h>
#include <millstream/exec/kernel.h>
#include <millstream/exec/storage_level.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/plan/block_id.h"

namespace millstream::plan {

struct Node;

// Code and its encoded state. The descriptor's address means something in this process only; stage plans
// carry it as (module, offset) or as a builtin's name.
struct Closure {
  const exec::KernelDescriptor* kernel = nullptr;
  std::string state;
};

// How a node's partition p reads its parent's partitions.
enum class Mapping {
  kOneToOne,  // p reads p
  kUnion,     // p reads p - first, if that is one of the parent's
  kCoalesce,  // p reads [p * n / k, (p + 1) * n / k) of the parent's n, k being the node's own partitions
};

struct Dependency {
  std::shared_ptr<const Node> parent;
  Mapping mapping = Mapping::kOneToOne;
  int first = 0;  // kUnion: where the parent's partitions begin in the node's
};

enum class NodeKind {
  kNarrow,   // kernel: the parents' rows (or nothing) -> rows, within a task
  kShuffle,  // shuffle_write in the parent's stage; kernel: its slices, in map order -> rows
  kBlocks,   // kernel: the slices of `blocks[p]` or of `collection[p]` -> rows
};

// One RDD as data: what handles point to, what stages are built from. Shared and immutable once built, but
// for its storage level and what the driver ties to its life.
struct Node {
  Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const uint64_t id;  // unique in the process; names its shuffle and its cached blocks
  NodeKind kind = NodeKind::kNarrow;
  std::string operation;     // "Map", "ReduceByKey"
  mutable std::string name;  // from Named(), before the first job; else empty
  std::string where;         // "file.cc:12" of the user's call
  int partitions = 0;
  std::vector<Dependency> parents;
  Closure kernel;
  Closure shuffle_write;                           // kShuffle
  std::vector<std::vector<BlockLocation>> blocks;  // kBlocks: received blocks, per partition
  std::vector<exec::Slices> collection;            // kBlocks: rows that live on the driver, per partition
  Closure encode;                                  // rows -> slices; no kernel: the rows cannot be kept
  Closure decode;                                  // slices -> rows
  absl::Status error;                              // a building mistake; every action on the node returns it
  mutable std::atomic<StorageLevel> storage{StorageLevel::kNone};
  mutable std::shared_ptr<void>
      resources;  // set by the driver, on its loop: its end drops what is kept under `id`

  // What errors and Lineage() call it.
  const std::string& label() const { return name.empty() ? operation : name; }
};

}  // namespace millstream::plan

#endif  // MILLSTREAM_COMMON_PLAN_NODE_H_
