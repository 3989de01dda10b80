#ifndef MILLSTREAM_EXECUTOR_SHUFFLE_STAGE_INPUTS_H_
#define MILLSTREAM_EXECUTOR_SHUFFLE_STAGE_INPUTS_H_

#include <millstream/exec/kernel.h>

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "common/plan/block_id.h"
#include "proto/control.pb.h"

namespace millstream::executor {

// A shuffle that a launch reads, and who holds each map partition's output.
struct ShuffleSource {
  uint64_t shuffle = 0;
  std::vector<ExecutorId> holders;  // by map partition
};

// Blocks that a launch reads, by partition, in order. Partitions that are not listed are empty.
struct BlocksSource {
  std::unordered_map<int, std::vector<plan::BlockLocation>> partitions;
};

// Blocks that came along with a launch.
using CarriedBlocks = std::unordered_map<plan::BlockId, exec::Bytes>;

// One of Launch.inputs; the other one is empty.
struct StageSource {
  ShuffleSource shuffle;
  BlocksSource blocks;
};

// InvalidArgument if a map partition has no holder.
absl::StatusOr<StageSource> ReadStageInput(const proto::StageInput& input);

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_SHUFFLE_STAGE_INPUTS_H_
