#ifndef MILLSTREAM_DEPLOY_WORKER_LAUNCH_H_
#define MILLSTREAM_DEPLOY_WORKER_LAUNCH_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "proto/cluster.pb.h"

namespace millstream::deploy {

// A process that a worker is to run: an executor of an application, or a driver in cluster mode.
struct Launch {
  // Application and executor, or the driver's id and epoch.
  using Key = std::pair<std::string, uint32_t>;

  bool is_driver = false;
  Key key;
  uint32_t cores = 0;
  uint64_t memory_bytes = 0;
  proto::ProgramFiles program;
  std::vector<std::string> command_line;
  std::vector<std::string> environment;
  proto::OutputLimits output;
  proto::Bootstrap bootstrap;
  std::string certified_as;  // an executor's application, as far as the master knows; empty: there is no TLS

  static Launch Of(const proto::LaunchExecutor& executor);
  static Launch Of(const proto::LaunchDriver& driver);
};

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_WORKER_LAUNCH_H_
