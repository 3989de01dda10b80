#ifndef MILLSTREAM_DEPLOY_WORKER_PROGRAM_CACHE_H_
#define MILLSTREAM_DEPLOY_WORKER_PROGRAM_CACHE_H_

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "proto/cluster.pb.h"

namespace millstream::deploy {

// The executables of applications, by the hash of their content, in a directory. A file is there whole or not
// at all. Used by one thread.
class ProgramCache {
 public:
  // Makes the directory if need be, and removes what an earlier owner left unfinished.
  static absl::StatusOr<ProgramCache> Open(std::string directory);

  // Where the program is, fetched from the application's driver if it is not there. Blocks. An error names
  // the cause: the driver cannot be reached, what it sent is not what it announced, or the disk is full.
  absl::StatusOr<std::string> Get(const proto::ProgramFile& program, const proto::Bootstrap& driver);

  // Removes programs that nobody asked for since `before`; executors that run them do not notice.
  void RemoveOld(std::filesystem::file_time_type before);

 private:
  explicit ProgramCache(std::string directory) : directory_(std::move(directory)) {}
  absl::Status Fetch(const proto::ProgramFile& program, const proto::Bootstrap& driver,
                     const std::string& path);

  std::string directory_;
};

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_WORKER_PROGRAM_CACHE_H_
