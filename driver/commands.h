#ifndef MILLSTREAM_DRIVER_COMMANDS_H_
#define MILLSTREAM_DRIVER_COMMANDS_H_

#include <vector>

#include "common/base/ids.h"
#include "common/plan/block_id.h"
#include "proto/control.pb.h"

namespace millstream::driver {

// What both machines ask for: a command for one executor.
struct SendCommand {
  ExecutorId executor{};
  proto::ToExecutor::Command command;
};

// What batches/ tells jobs/.

// Cores of an executor that receivers hold.
struct CoresReserved {
  ExecutorId executor{};
  int cores = 0;
};

// Where a received block is now; no peers: it was dropped.
struct BlockMoved {
  plan::BlockId block;
  std::vector<ExecutorId> peers;
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_COMMANDS_H_
