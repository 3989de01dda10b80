#ifndef MILLSTREAM_DRIVER_LOST_BLOCK_H_
#define MILLSTREAM_DRIVER_LOST_BLOCK_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "common/plan/block_id.h"

namespace millstream::driver {

// How the last copy of a received block was lost.
struct BlockLoss {
  size_t holders = 1;  // executors that had it
  // Of the last of them, "executor 1 was killed by signal 9 (SIGKILL)", and if user code ended that,
  // "... (SIGSEGV) in Map. Fix the function passed to Map": then that is what is blamed. Empty: unknown.
  std::string last;
};

// What both machines say of a received block that nobody has any more: DataLoss. `label` is of its source.
absl::Status NoCopyIsLeft(const std::string& label, const plan::BlockId& block, const BlockLoss& loss);

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_LOST_BLOCK_H_
