#ifndef MILLSTREAM_EXECUTOR_SHUFFLE_INPUT_STREAMS_H_
#define MILLSTREAM_EXECUTOR_SHUFFLE_INPUT_STREAMS_H_

#include <millstream/exec/kernel.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "common/plan/block_id.h"
#include "executor/shuffle/fetched_blocks.h"
#include "executor/shuffle/stage_inputs.h"
#include "executor/tasks/executor_parts.h"
#include "executor/tasks/task_failure.h"

namespace millstream::executor {

// One block after another, wherever each is: here, come along with the launch, on its way, or still to be
// fetched.
class BlockSequence : public exec::SliceStream {
 public:
  // All outlive the stream; `fetched` may be null.
  BlockSequence(const ExecutorParts& parts, FetchedBlocks* fetched, const CarriedBlocks& carried)
      : parts_(parts), fetched_(fetched), carried_(carried) {}

  bool Next(exec::Bytes& slice) override;

 protected:
  // Moves on to the next block, with one of the calls below; false at the end.
  virtual bool OpenNext() = 0;
  // What the failure of the current block means for the task.
  virtual InputLost Lost(const absl::Status& status) const = 0;

  // False if the block is not kept here.
  bool OpenHere(const plan::BlockId& id);
  // False if the block did not come along with the launch.
  bool OpenCarried(const plan::BlockId& id);
  // The block is being fetched; its slices are taken as they come.
  void OpenFetched(const plan::BlockId& id);
  absl::Status OpenNow(ExecutorId peer, const plan::BlockId& id);

  const ExecutorParts& parts_;
  FetchedBlocks* const fetched_;

 private:
  const CarriedBlocks& carried_;
  std::unique_ptr<exec::SliceStream> here_;
  exec::Bytes came_along_;  // empty: taken
  std::optional<plan::BlockId> arriving_;
  size_t next_ = 0;
};

// A reducer's input: the blocks of map partitions 0, 1 ... in this order, from whoever holds each.
class ShuffleSlices : public BlockSequence {
 public:
  ShuffleSlices(const ExecutorParts& parts, FetchedBlocks* fetched, const CarriedBlocks& carried,
                const ShuffleSource& source, int reducer)
      : BlockSequence(parts, fetched, carried), source_(source), reducer_(reducer) {}

 protected:
  bool OpenNext() override;
  InputLost Lost(const absl::Status& status) const override;

 private:
  plan::BlockId Id() const;

  const ShuffleSource& source_;
  const int reducer_;
  size_t opened_ = 0;  // maps
};

// A partition's blocks in order: those kept here, else from the first peer that has them.
class BlockListSlices : public BlockSequence {
 public:
  BlockListSlices(const ExecutorParts& parts, FetchedBlocks* fetched, const CarriedBlocks& carried,
                  const std::vector<plan::BlockLocation>& blocks)
      : BlockSequence(parts, fetched, carried), blocks_(blocks) {}

 protected:
  bool OpenNext() override;
  InputLost Lost(const absl::Status& status) const override;

 private:
  const std::vector<plan::BlockLocation>& blocks_;
  size_t opened_ = 0;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_SHUFFLE_INPUT_STREAMS_H_
