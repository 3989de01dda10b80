#ifndef MILLSTREAM_DEPLOY_SUBMIT_LOGS_COMMAND_H_
#define MILLSTREAM_DEPLOY_SUBMIT_LOGS_COMMAND_H_

#include <span>
#include <string>

#include "absl/status/status.h"

namespace millstream::deploy {

// `millstream logs` with its arguments. NotFound: no worker has a log of that application or executor.
absl::Status RunLogs(std::span<const std::string> arguments);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_SUBMIT_LOGS_COMMAND_H_
