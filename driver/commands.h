#ifndef MILLSTREAM_DRIVER_COMMANDS_H_
#define MILLSTREAM_DRIVER_COMMANDS_H_

#include "common/base/ids.h"
#include "proto/control.pb.h"

namespace millstream::driver {

// What both machines ask for: a command for one executor.
struct SendCommand {
  ExecutorId executor{};
  proto::ToExecutor::Command command;
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_COMMANDS_H_
