#ifndef MILLSTREAM_DEPLOY_SUBMIT_SUBMIT_COMMAND_H_
#define MILLSTREAM_DEPLOY_SUBMIT_SUBMIT_COMMAND_H_

#include <span>
#include <string>

#include "absl/status/status.h"

namespace millstream::deploy {

// `millstream submit` with its arguments. When it starts an application, this process becomes the
// application, or waits for its driver and exits as that did, and nothing returns. Else OK, or what is wrong:
// InvalidArgument, NotFound (of --status and --kill), Aborted (no master), DeadlineExceeded (no worker had
// room for the driver), Unauthenticated.
absl::Status RunSubmit(std::span<const std::string> arguments);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_SUBMIT_SUBMIT_COMMAND_H_
