#include "executor/blocks/spill_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/status/status.h"

namespace millstream::executor {
namespace {

constexpr std::string_view kPrefix = "millstream-";
constexpr char kLockName[] = "lock";

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// The process id in "millstream-<pid>-<n>"; nothing if `name` is no such name.
std::optional<pid_t> OwnerOf(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const char* const end = name.data() + name.size();
  pid_t pid = 0;
  const auto [dash, error] = std::from_chars(name.data() + kPrefix.size(), end, pid);
  if (error != std::errc() || pid <= 0 || dash == end || *dash != '-') return std::nullopt;
  unsigned number = 0;
  const auto [last, number_error] = std::from_chars(dash + 1, end, number);
  if (number_error != std::errc() || last != end) return std::nullopt;
  return pid;
}

std::vector<std::string> NamesIn(int directory) {
  std::vector<std::string> names;
  DIR* const entries = fdopendir(dup(directory));
  if (entries == nullptr) return names;
  rewinddir(entries);
  while (const dirent* entry = readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  closedir(entries);
  return names;
}

// Removes the files of `name` below `parent`, and it; executors make no directories within theirs.
void RemoveFlat(int parent, const std::string& name, int directory) {
  for (const std::string& file : NamesIn(directory)) {
    if (file != kLockName) unlinkat(directory, file.c_str(), 0);
  }
  unlinkat(directory, kLockName, 0);
  unlinkat(parent, name.c_str(), AT_REMOVEDIR);
}

void RemoveIfDead(int parent, const std::string& name, pid_t owner) {
  const File directory(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status = {};
  if (directory.fd() < 0 || fstat(directory.fd(), &status) != 0 || status.st_uid != geteuid()) return;
  const File lock(openat(directory.fd(), kLockName, O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (lock.fd() >= 0) {
    if (flock(lock.fd(), LOCK_EX | LOCK_NB) != 0) return;
  } else if (kill(owner, 0) == 0 || errno != ESRCH) {
    return;  // its owner may be about to make the lock
  }
  RemoveFlat(parent, name, directory.fd());
}

void RemoveLeftovers(const std::string& local_dir) {
  const File parent(open(local_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.fd() < 0) return;
  for (const std::string& name : NamesIn(parent.fd())) {
    if (const std::optional<pid_t> owner = OwnerOf(name)) RemoveIfDead(parent.fd(), name, *owner);
  }
}

// The lock's descriptor; -1 if somebody who took the directory for a leftover was quicker.
int MakeLock(const std::string& path) {
  File lock(open((path + "/" + kLockName).c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (lock.fd() < 0 || flock(lock.fd(), LOCK_EX | LOCK_NB) != 0) return -1;
  struct stat status = {};
  if (fstat(lock.fd(), &status) != 0 || status.st_nlink == 0) return -1;
  return lock.Release();
}

}  // namespace

absl::StatusOr<std::unique_ptr<SpillDirectory>> SpillDirectory::Create(const std::string& local_dir) {
  std::error_code error;
  std::filesystem::create_directories(local_dir, error);
  RemoveLeftovers(local_dir);
  static std::atomic<unsigned> next{0};
  for (int tries = 0; tries < 1000; ++tries) {
    const std::string path = local_dir + "/" + std::string(kPrefix) + std::to_string(getpid()) + "-" +
                             std::to_string(next.fetch_add(1));
    if (mkdir(path.c_str(), 0700) != 0) {
      if (errno == EEXIST) continue;
      const std::string cause = std::strerror(errno);
      return absl::InvalidArgumentError("millstream.local.dir " + local_dir + ": " + cause +
                                        ". Name a directory that can be written to");
    }
    if (const int lock = MakeLock(path); lock >= 0) {
      return std::unique_ptr<SpillDirectory>(new SpillDirectory(path, lock));
    }
  }
  return absl::UnavailableError("millstream.local.dir " + local_dir + ": no directory could be made in it.");
}

SpillDirectory::~SpillDirectory() {
  const std::filesystem::path path(path_);
  const File parent(open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const File directory(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (parent.fd() >= 0 && directory.fd() >= 0) RemoveFlat(parent.fd(), path.filename(), directory.fd());
  close(lock_);
}

}  // namespace millstream::executor
