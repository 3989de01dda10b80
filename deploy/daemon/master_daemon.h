#ifndef MILLSTREAM_DEPLOY_DAEMON_MASTER_DAEMON_H_
#define MILLSTREAM_DEPLOY_DAEMON_MASTER_DAEMON_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "common/rpc/listen_address.h"

namespace millstream::deploy {

struct MasterDaemonOptions {
  rpc::ListenOptions listen{.port = 7077};
  std::string secret_file;  // empty: it serves its own user on loopback
  std::string work_dir = "millstream-master";
  int64_t timeout_ms = 10'000;  // after which a silent worker or an absent driver is lost
};

// Runs a master until SIGTERM or SIGINT; prints "ready URL" once it listens. InvalidArgument and
// FailedPrecondition: it cannot start as it was told to. Unauthenticated: the secret file cannot be used, or
// it would be needed.
absl::Status RunMaster(const MasterDaemonOptions& options);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DAEMON_MASTER_DAEMON_H_
