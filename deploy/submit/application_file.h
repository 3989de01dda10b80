#ifndef MILLSTREAM_DEPLOY_SUBMIT_APPLICATION_FILE_H_
#define MILLSTREAM_DEPLOY_SUBMIT_APPLICATION_FILE_H_

#include <string>

#include "absl/status/status.h"

namespace millstream::deploy {

// OK if the file is a whole executable for this machine that uses Millstream; it is read, never loaded. Else
// a usage error that says what it is instead.
absl::Status CheckApplication(const std::string& path);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_SUBMIT_APPLICATION_FILE_H_
