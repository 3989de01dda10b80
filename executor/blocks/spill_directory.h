#ifndef MILLSTREAM_EXECUTOR_BLOCKS_SPILL_DIRECTORY_H_
#define MILLSTREAM_EXECUTOR_BLOCKS_SPILL_DIRECTORY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace millstream::executor {

// An executor's own directory below the local one, "millstream-<pid>-<n>", with a lock that is held for as
// long as its owner lives. Removed on destruction; what a killed owner left is removed by the next one that
// starts there.
class SpillDirectory {
 public:
  // Makes `local_dir` if need be, and removes the leftovers of dead owners in it.
  static absl::StatusOr<std::unique_ptr<SpillDirectory>> Create(const std::string& local_dir);
  ~SpillDirectory();
  SpillDirectory(const SpillDirectory&) = delete;
  SpillDirectory& operator=(const SpillDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  SpillDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  const std::string path_;
  const int lock_;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_BLOCKS_SPILL_DIRECTORY_H_
