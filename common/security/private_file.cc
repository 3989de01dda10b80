#include "common/security/private_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/cli/errors.h"

namespace millstream::security {
namespace {

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
constexpr size_t kMostBytes = size_t{64} << 10;
constexpr std::string_view kReadable = "Name a file that this user may read";

class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  ~OpenFile() {
    if (fd_ >= 0) close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int fd() const { return fd_; }

 private:
  const int fd_;
};

std::string ErrorName(int error) {
  std::array<char, 128> text;
  return strerror_r(error, text.data(), text.size());
}

std::string Octal(mode_t mode) {
  std::string digits = "0000";
  for (size_t i = 4; i-- > 0; mode >>= 3) digits[i] = static_cast<char>('0' + (mode & 7));
  return digits;
}

absl::Status Unusable(const std::string& path, std::string_view cause, std::string_view fix) {
  return absl::UnauthenticatedError(cli::ErrorText(path, cause, fix));
}

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

absl::Status CheckAccess(const std::string& path, int fd) {
  struct stat file {};
  if (fstat(fd, &file) != 0) return Unusable(path, ErrorName(errno), kReadable);
  if (!S_ISREG(file.st_mode)) return Unusable(path, "it is not a file", "Name the secret file itself");
  if (file.st_uid != geteuid()) {
    return Unusable(path, "it belongs to another user",
                    "Make it this user's own: chown " + std::to_string(geteuid()) + " " + path);
  }
  if ((file.st_mode & kOthers) != 0) {
    return Unusable(path, "others may access it, its mode is " + Octal(file.st_mode & 07777),
                    "If nobody has read it, chmod 600 " + path + "; else make a new one");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WritePrivateFile(const std::string& path, std::string_view text) {
  const OpenFile file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly));
  if (file.fd() < 0) {
    return cli::UsageError(path, errno == EEXIST ? "it exists already" : ErrorName(errno),
                           errno == EEXIST ? "It is not replaced: remove it, or choose another name"
                                           : "Choose a folder that exists and may be written");
  }
  if (WriteAll(file.fd(), text) && fsync(file.fd()) == 0) return absl::OkStatus();
  const std::string cause = ErrorName(errno);
  unlink(path.c_str());
  return cli::UsageError(path, cause, "Choose another folder");
}

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path) {
  // A pipe must not be waited for.
  const OpenFile file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.fd() < 0) {
    if (errno == ENOENT) {
      return Unusable(path, "there is no such file",
                      "Copy the cluster's secret file there, or make one with millstream secret");
    }
    return Unusable(path, ErrorName(errno), kReadable);
  }
  if (absl::Status access = CheckAccess(path, file.fd()); !access.ok()) return access;
  // One byte more than a whole file has.
  std::string text(kMostBytes + 1, '\0');
  size_t bytes = 0;
  while (bytes < text.size()) {
    const ssize_t got = read(file.fd(), text.data() + bytes, text.size() - bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Unusable(path, ErrorName(errno), kReadable);
    if (got == 0) break;
    bytes += static_cast<size_t>(got);
  }
  if (bytes > kMostBytes)
    return Unusable(path, "it is too large for a secret", "Name the secret file itself");
  text.resize(bytes);
  return text;
}

}  // namespace millstream::security
