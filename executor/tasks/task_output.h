#ifndef MILLSTREAM_EXECUTOR_TASKS_TASK_OUTPUT_H_
#define MILLSTREAM_EXECUTOR_TASKS_TASK_OUTPUT_H_

#include <millstream/exec/shuffle_writer.h>

#include <cstdint>
#include <vector>

#include "executor/blocks/block_store.h"
#include "proto/control.pb.h"

namespace millstream::executor {

// Where a task's output kernel writes. What is not committed is dropped.
class TaskOutput : public exec::SliceSink {
 public:
  // Makes the output known: all of it, in place of an earlier attempt's.
  virtual absl::Status Commit(proto::TaskStatus& status) = 0;
};

// One block per reducer.
class ShuffleOutput : public TaskOutput {
 public:
  // Output of at most `small_bytes` travels with the status too.
  ShuffleOutput(BlockStore& store, uint64_t shuffle, uint64_t map, int reducers, size_t small_bytes);
  absl::Status Add(uint32_t partition, exec::Bytes slice) override;
  absl::Status Commit(proto::TaskStatus& status) override;

 private:
  BlockStore& store_;
  const uint64_t shuffle_;
  const uint64_t map_;
  std::vector<BlockHandle> blocks_;  // null: nothing for this reducer so far
  size_t small_bytes_;               // left
  std::vector<exec::Bytes> small_;   // by reducer; empty: the output is not small
};

// A few rows travel in the status, more are kept for the driver to fetch.
class ResultOutput : public TaskOutput {
 public:
  static constexpr size_t kInlineBytes = size_t{64} << 10;

  ResultOutput(BlockStore& store, const plan::BlockId& id) : store_(store), id_(id) {}
  absl::Status Add(uint32_t partition, exec::Bytes slice) override;
  absl::Status Commit(proto::TaskStatus& status) override;

 private:
  BlockStore& store_;
  const plan::BlockId id_;
  exec::Bytes first_;  // as long as it is the only one, and small
  BlockHandle block_;
};

// An RDD's partition on its way to being kept. If its level knows memory only and there is no room, it is
// held aside, on disk, for the task that computed it, and not kept.
class CacheOutput : public exec::SliceSink {
 public:
  CacheOutput(BlockStore& store, const plan::BlockId& id, StorageLevel level)
      : store_(store), block_(store.NewBlock(id, level)) {}
  absl::Status Add(uint32_t partition, exec::Bytes slice) override;

  // The whole partition; `kept` tells whether others find it too.
  BlockHandle Finish(bool& kept);

 private:
  absl::Status HoldAside();

  BlockStore& store_;
  BlockHandle block_;
  bool aside_ = false;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_TASKS_TASK_OUTPUT_H_
