#include "common/program/content_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "common/security/sha256.h"

namespace millstream::program {
namespace {

constexpr size_t kReadBytes = size_t{1} << 20;

// Fewer bytes at the file's end; -1: errno tells.
ssize_t ReadAt(int fd, uint64_t offset, char* to, size_t bytes) {
  size_t done = 0;
  while (done < bytes) {
    const ssize_t got = pread(fd, to + done, bytes - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

}  // namespace

absl::StatusOr<ContentFile> ContentFile::Open(const std::string& path, std::string name) {
  const auto refuse = [&path](const std::string& cause) {
    return absl::InvalidArgumentError(path + ": " + cause + ". Name a file that can be read");
  };
  const int opened = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (opened < 0) return refuse(std::string("cannot be read: ") + std::strerror(errno));
  const std::shared_ptr<const int> fd(new int(opened), [](const int* at) {
    close(*at);
    delete at;
  });
  struct stat status {};
  if (fstat(*fd, &status) != 0 || !S_ISREG(status.st_mode)) return refuse("is not a file");
  security::Sha256 hash;
  std::string part(kReadBytes, '\0');
  uint64_t bytes = 0;
  while (true) {
    const ssize_t got = ReadAt(*fd, bytes, part.data(), part.size());
    if (got < 0) return refuse(std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0) break;
    hash.Add({part.data(), static_cast<size_t>(got)});
    bytes += static_cast<uint64_t>(got);
  }
  proto::ProgramFile description;
  description.set_name(std::move(name));
  description.set_sha256(hash.Finish());
  description.set_bytes(bytes);
  return ContentFile(fd, std::move(description));
}

absl::StatusOr<std::string> ContentFile::Read(uint64_t offset, size_t most) const {
  std::string data(most, '\0');
  const ssize_t got = ReadAt(*fd_, offset, data.data(), data.size());
  if (got < 0) return absl::InternalError(description_.name() + ": cannot be read: " + std::strerror(errno));
  data.resize(static_cast<size_t>(got));
  return data;
}

}  // namespace millstream::program
