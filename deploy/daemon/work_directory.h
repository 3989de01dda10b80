#ifndef MILLSTREAM_DEPLOY_DAEMON_WORK_DIRECTORY_H_
#define MILLSTREAM_DEPLOY_DAEMON_WORK_DIRECTORY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace millstream::deploy {

// A daemon's own directory: nobody else's files, readable by its user alone, and one daemon at a time.
class WorkDirectory {
 public:
  // Makes it if need be. InvalidArgument: it cannot be used, or another daemon uses it.
  static absl::StatusOr<std::unique_ptr<WorkDirectory>> Open(const std::string& path);
  ~WorkDirectory();
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;

  const std::string& path() const { return path_; }  // absolute

 private:
  WorkDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  const std::string path_;
  const int lock_;
};

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DAEMON_WORK_DIRECTORY_H_
