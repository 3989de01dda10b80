#ifndef MILLSTREAM_DEPLOY_SECRET_SECRET_COMMAND_H_
#define MILLSTREAM_DEPLOY_SECRET_SECRET_COMMAND_H_

#include <span>
#include <string>

#include "absl/status/status.h"

namespace millstream::deploy {

// `millstream secret FILE`: makes the secret file of a new cluster. `arguments` follow the command's name.
// InvalidArgument: they are wrong, or the file cannot be made.
absl::Status RunSecret(std::span<const std::string> arguments);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_SECRET_SECRET_COMMAND_H_
