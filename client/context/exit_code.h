#ifndef MILLSTREAM_CLIENT_CONTEXT_EXIT_CODE_H_
#define MILLSTREAM_CLIENT_CONTEXT_EXIT_CODE_H_

#include "absl/status/status.h"

namespace millstream::client {

// Of a program that cannot start for this reason.
int StartExitCode(const absl::Status& status);

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_CONTEXT_EXIT_CODE_H_
