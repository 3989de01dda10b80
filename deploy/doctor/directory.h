#ifndef MILLSTREAM_DEPLOY_DOCTOR_DIRECTORY_H_
#define MILLSTREAM_DEPLOY_DOCTOR_DIRECTORY_H_

#include <cstdint>
#include <string>

#include "deploy/doctor/finding.h"

namespace millstream::deploy {

// Whether a daemon of this user could work in the directory `path`; one that is not there is not made.
Finding CheckWorkDirectory(const std::string& path);

struct FileSystem {
  uint64_t free_bytes = 0;  // for this user
  bool runs_programs = false;
};
// The one that the directory `path` is on, or would be if it were made.
FileSystem FileSystemOf(const std::string& path);

// Whether a worker's directory on it could hold programs, and what executors write.
Finding CheckFileSystem(const std::string& path, const FileSystem& file_system);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DOCTOR_DIRECTORY_H_
