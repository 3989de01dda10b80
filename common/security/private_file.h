#ifndef MILLSTREAM_COMMON_SECURITY_PRIVATE_FILE_H_
#define MILLSTREAM_COMMON_SECURITY_PRIVATE_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millstream::security {

// Writes a new file that this process's user alone may read and write, and syncs it. InvalidArgument if it
// exists or cannot be written; nothing is left behind then.
absl::Status WritePrivateFile(const std::string& path, std::string_view text);

// The content of a small file that belongs to this process's user and to which nobody else has access.
// Unauthenticated otherwise, with one line that says what to do.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path);

}  // namespace millstream::security

#endif  // MILLSTREAM_COMMON_SECURITY_PRIVATE_FILE_H_
