#ifndef MILLSTREAM_DEPLOY_DOCTOR_DOCTOR_COMMAND_H_
#define MILLSTREAM_DEPLOY_DOCTOR_DOCTOR_COMMAND_H_

#include <span>
#include <string>

#include "absl/status/status.h"

namespace millstream::deploy {

// `millstream doctor`: prints a line for each thing of this host that Millstream depends on. `arguments`
// follow the command's name. InvalidArgument: they are wrong. Unknown: at least one check failed.
absl::Status RunDoctor(std::span<const std::string> arguments);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DOCTOR_DOCTOR_COMMAND_H_
