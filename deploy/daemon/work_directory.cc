#include "deploy/daemon/work_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "common/cli/errors.h"

namespace millstream::deploy {

absl::StatusOr<std::unique_ptr<WorkDirectory>> WorkDirectory::Open(const std::string& path) {
  const auto refuse = [&path](const std::string& cause, const std::string& fix) {
    return cli::UsageError("--work-dir " + path, cause, fix);
  };
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  if (!error) std::filesystem::create_directories(absolute.parent_path(), error);
  if (error) return refuse("cannot be made: " + error.message(), "Name another one");
  if (mkdir(absolute.c_str(), 0700) != 0 && errno != EEXIST) {
    return refuse(std::string("cannot be made: ") + std::strerror(errno), "Name another one");
  }
  struct stat status {};
  if (stat(absolute.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return refuse("is not a directory", "Name another one");
  }
  if (status.st_uid != geteuid()) return refuse("it belongs to another user", "Name one of your own");
  if ((status.st_mode & 022) != 0) {
    return refuse("other users can write to it", "Name one of your own, with mode 700");
  }
  const int lock = open((absolute / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0)
    return refuse(std::string("cannot be written to: ") + std::strerror(errno), "Name another one");
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    close(lock);
    return refuse("another daemon works there", "Stop that one, or name another directory");
  }
  return std::unique_ptr<WorkDirectory>(new WorkDirectory(absolute.lexically_normal(), lock));
}

WorkDirectory::~WorkDirectory() { close(lock_); }

}  // namespace millstream::deploy
