#ifndef MILLSTREAM_DEPLOY_DAEMON_WORKER_DAEMON_H_
#define MILLSTREAM_DEPLOY_DAEMON_WORKER_DAEMON_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace millstream::deploy {

struct WorkerDaemonOptions {
  std::string master;           // its URL
  std::string host;             // that executors listen on; empty: the address that leads to the master
  std::string advertised_host;  // as others are told it; empty: the same
  std::string secret_file;      // empty: the master is on loopback
  uint32_t cores = 0;           // 0: all of this machine
  uint64_t memory_bytes = 0;    // 0: this machine's, less 1 GiB
  std::string work_dir = "millstream-worker";
  std::chrono::milliseconds wait_timeout{60'000};  // for the first answer of a master
};

// Runs a worker until SIGTERM or SIGINT; prints "ready URL", the master's, once that has accepted it.
// InvalidArgument and FailedPrecondition: it cannot start as it was told to. Aborted: no master answers.
// Unauthenticated: the master is another user's or another secret's, or the secret file cannot be used, or it
// would be needed.
absl::Status RunWorker(const WorkerDaemonOptions& options);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DAEMON_WORKER_DAEMON_H_
