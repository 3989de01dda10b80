#include "client/context/exit_code.h"

#include "common/cli/exit_codes.h"

namespace millstream::client {

int StartExitCode(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
      return cli::kExitTooFewCores;
    case absl::StatusCode::kDeadlineExceeded:
      return cli::kExitNotGranted;
    case absl::StatusCode::kAborted:
      return cli::kExitNoMaster;
    case absl::StatusCode::kUnauthenticated:
      return cli::kExitCredentials;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kNotFound:
      return cli::kExitUsage;
    default:
      return cli::kExitFailed;
  }
}

}  // namespace millstream::client
