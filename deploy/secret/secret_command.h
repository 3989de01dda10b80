#ifndef MILLSTREAM_DEPLOY_SECRET_SECRET_COMMAND_H_
#define MILLSTREAM_DEPLOY_SECRET_SECRET_COMMAND_H_

#include <span>

namespace millstream::deploy {

// `millstream secret FILE`: makes the secret file of a new cluster. `arguments` follow the subcommand's name.
// Returns the exit code.
int RunSecret(std::span<const char* const> arguments);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_SECRET_SECRET_COMMAND_H_
