#ifndef MILLSTREAM_DEPLOY_DOCTOR_DIRECTORY_H_
#define MILLSTREAM_DEPLOY_DOCTOR_DIRECTORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "deploy/doctor/finding.h"

namespace millstream::deploy {

// Whether a daemon of this user could work in the directory `path`; one that is not there is not made.
Finding CheckWorkDirectory(const std::string& path);

// Whether this user's executors could spill to `path`, which may be others' too; one that is not there is not
// made.
Finding CheckLocalDirectory(const std::string& path);

struct FileSystem {
  uint64_t device = 0;      // two of one number are one
  uint64_t free_bytes = 0;  // for this user
  bool runs_programs = false;
};
// The one that the directory `path` is on, or would be if it were made.
FileSystem FileSystemOf(const std::string& path);

// Whether those of a worker's directory and of where executors spill could hold programs, and what executors
// write. One finding if they are one.
std::vector<Finding> CheckFileSystems(const std::string& work_dir, const FileSystem& of_work,
                                      const std::string& local_dir, const FileSystem& of_local);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DOCTOR_DIRECTORY_H_
