#include "common/base/rotating_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace millstream::base {
namespace {

// Opened and locked against other processes, or -1 with errno; EWOULDBLOCK: another process has it.
int OpenLocked(const std::string& path, uint64_t& bytes) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -1;
  struct stat file {};
  if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &file) != 0) {
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  bytes = static_cast<uint64_t>(file.st_size);
  return fd;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RotatingFile>> RotatingFile::Open(const std::string& path,
                                                                 const Bounds& bounds) {
  uint64_t bytes = 0;
  const int fd = OpenLocked(path, bytes);
  if (fd >= 0) return std::unique_ptr<RotatingFile>(new RotatingFile(path, bounds, fd, bytes));
  if (errno == EWOULDBLOCK) {
    return absl::InvalidArgumentError(path + ": another process writes it. Name another directory");
  }
  return absl::InvalidArgumentError(path + ": cannot be written: " + std::strerror(errno) +
                                    ". Name a directory that this user may write to");
}

RotatingFile::~RotatingFile() { close(fd_); }

void RotatingFile::Append(std::string_view text) {
  if (bytes_ > 0 && bytes_ + text.size() > bounds_.bytes && !Rotate()) return;
  while (!text.empty()) {
    const ssize_t written = write(fd_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes_ += static_cast<uint64_t>(written);
    text.remove_prefix(static_cast<size_t>(written));
  }
}

bool RotatingFile::Rotate() {
  const auto name = [this](int age) { return age == 0 ? path_ : path_ + "." + std::to_string(age); };
  // It is not there if somebody removed it, or if there could be no new one the last time.
  if (access(path_.c_str(), F_OK) == 0) {
    for (int age = bounds_.older_files; age > 0; --age) std::rename(name(age - 1).c_str(), name(age).c_str());
  }
  uint64_t bytes = 0;
  const int fd = OpenLocked(path_, bytes);
  if (fd < 0) return false;
  if (bytes > 0) {
    close(fd);
    return false;
  }
  close(fd_);
  fd_ = fd;
  bytes_ = 0;
  return true;
}

}  // namespace millstream::base
