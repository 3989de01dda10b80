#ifndef MILLSTREAM_DEPLOY_DAEMON_MASTER_DAEMON_H_
#define MILLSTREAM_DEPLOY_DAEMON_MASTER_DAEMON_H_

#include <string>

#include "absl/status/status.h"

namespace millstream::deploy {

struct MasterDaemonOptions {
  std::string host = "127.0.0.1";
  int port = 7077;  // 0: one of the system's choice
  std::string work_dir = "millstream-master";
  int64_t timeout_ms = 10'000;  // after which a silent worker or an absent driver is lost
};

// Runs a master until SIGTERM or SIGINT; prints "ready URL" once it listens. InvalidArgument and
// FailedPrecondition: it cannot start as it was told to. Unauthenticated: it would have to be protected.
absl::Status RunMaster(const MasterDaemonOptions& options);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DAEMON_MASTER_DAEMON_H_
