#ifndef MILLSTREAM_DRIVER_LOST_BLOCK_H_
#define MILLSTREAM_DRIVER_LOST_BLOCK_H_

#include <string>

#include "absl/status/status.h"
#include "common/plan/block_id.h"

namespace millstream::driver {

// What both machines say of a received block that nobody has any more: DataLoss. `label` is of its source;
// `loss` tells of the last executor that had it, "executor 1 was killed by signal 9 (SIGKILL)", and if user
// code ended that, "… (SIGSEGV) in Map. Fix the function passed to Map": then that is what is blamed.
absl::Status NoCopyIsLeft(const std::string& label, const plan::BlockId& block, const std::string& loss);

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_LOST_BLOCK_H_
