#ifndef MILLSTREAM_DEPLOY_SUBMIT_LIST_COMMAND_H_
#define MILLSTREAM_DEPLOY_SUBMIT_LIST_COMMAND_H_

#include <span>
#include <string>

#include "absl/status/status.h"

namespace millstream::deploy {

// `millstream list` with its arguments. InvalidArgument: they are wrong; Aborted: no master answers;
// Unauthenticated: it is another user's or another secret's.
absl::Status RunList(std::span<const std::string> arguments);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_SUBMIT_LIST_COMMAND_H_
