#ifndef MILLSTREAM_DRIVER_EXECUTOR_EVENTS_H_
#define MILLSTREAM_DRIVER_EXECUTOR_EVENTS_H_

#include <string>

#include "common/base/ids.h"

namespace millstream::driver {

// What both machines are told of executors.

struct ExecutorJoined {
  ExecutorId executor{};
  int cores = 1;
  std::string host = {};  // that it advertises; empty: the driver's process
};

// It will not be heard of again; its id is never used twice.
struct ExecutorLost {
  ExecutorId executor{};
  // "was killed by signal 9 (SIGKILL)"; if user code did it, "killed by signal 11 (SIGSEGV) in Map. Fix the
  // function passed to Map".
  std::string reason;
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_EXECUTOR_EVENTS_H_
