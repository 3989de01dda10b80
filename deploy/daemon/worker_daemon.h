#ifndef MILLSTREAM_DEPLOY_DAEMON_WORKER_DAEMON_H_
#define MILLSTREAM_DEPLOY_DAEMON_WORKER_DAEMON_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace millstream::deploy {

struct WorkerDaemonOptions {
  std::string master;         // its URL
  uint32_t cores = 0;         // 0: all of this machine
  uint64_t memory_bytes = 0;  // 0: this machine's, less 1 GiB
  std::string work_dir = "millstream-worker";
  std::chrono::milliseconds wait_timeout{60'000};  // for the first answer of a master
};

// Runs a worker until SIGTERM or SIGINT; prints "ready URL", the master's, once that has accepted it.
// InvalidArgument: it cannot start as it was told to. Aborted: no master answers. Unauthenticated: the master
// is another user's, or not on loopback.
absl::Status RunWorker(const WorkerDaemonOptions& options);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DAEMON_WORKER_DAEMON_H_
