#include "common/exec/spill_storage.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace millstream::exec {
namespace {

absl::Status OutOfRange() { return absl::OutOfRangeError("spill file: read beyond the end"); }

class MemorySpillFile : public SpillFile {
 public:
  absl::Status Append(std::string_view bytes) override {
    bytes_.append(bytes);
    return absl::OkStatus();
  }

  absl::Status ReadAt(uint64_t offset, char* to, size_t size) override {
    if (offset > bytes_.size() || bytes_.size() - offset < size) return OutOfRange();
    bytes_.copy(to, size, offset);
    return absl::OkStatus();
  }

  uint64_t size() const override { return bytes_.size(); }

 private:
  std::string bytes_;
};

class NamelessSpillFile : public SpillFile {
 public:
  NamelessSpillFile(int fd, std::string directory) : fd_(fd), directory_(std::move(directory)) {}
  ~NamelessSpillFile() override { close(fd_); }

  absl::Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
      if (written < 0) {
        if (errno == EINTR) continue;
        return Failed("write", errno);
      }
      size_ += static_cast<uint64_t>(written);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }

  absl::Status ReadAt(uint64_t offset, char* to, size_t size) override {
    if (offset > size_ || size_ - offset < size) return OutOfRange();
    while (size > 0) {
      const ssize_t got = pread(fd_, to, size, static_cast<off_t>(offset));
      if (got < 0) {
        if (errno == EINTR) continue;
        return Failed("read", errno);
      }
      if (got == 0) return absl::DataLossError("spill file in " + directory_ + ": cut short");
      to += got;
      offset += static_cast<uint64_t>(got);
      size -= static_cast<size_t>(got);
    }
    return absl::OkStatus();
  }

  uint64_t size() const override { return size_; }

 private:
  absl::Status Failed(const char* what, int error) const {
    const std::string text = "spill file in " + directory_ + ": " + what + ": " + std::strerror(error);
    if (error == ENOSPC || error == EDQUOT) {
      return absl::ResourceExhaustedError(text + ". Free space there or set millstream.local.dir");
    }
    return absl::InternalError(text);
  }

  const int fd_;
  const std::string directory_;
  uint64_t size_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SpillFile>> MemorySpillStorage::Create() {
  return std::make_unique<MemorySpillFile>();
}

absl::StatusOr<std::unique_ptr<SpillFile>> FileSpillStorage::Create() {
  std::string path = directory_ + "/spill-XXXXXX";
  const int fd = mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) {
    return absl::InternalError("spill directory " + directory_ + ": " + std::strerror(errno) +
                               ". Set millstream.local.dir to a directory that can be written");
  }
  unlink(path.c_str());
  return std::make_unique<NamelessSpillFile>(fd, directory_);
}

}  // namespace millstream::exec
