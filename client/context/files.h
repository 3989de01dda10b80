#ifndef MILLSTREAM_CLIENT_CONTEXT_FILES_H_
#define MILLSTREAM_CLIENT_CONTEXT_FILES_H_

#include <map>
#include <string>

#include "absl/status/status.h"

namespace millstream::client {

// What GetFile() finds in this process: the files of a list "a,b/c" (millstream.files). A usage error if one
// is missing or no file, or two have one base name. Thread-safe.
absl::Status SetFiles(const std::string& list);

// Their paths, by base name.
std::map<std::string, std::string> Files();

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_CONTEXT_FILES_H_
