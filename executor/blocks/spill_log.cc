#include "executor/blocks/spill_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace millstream::executor {
namespace {

constexpr uint64_t kSegmentBytes = uint64_t{32} << 20;

absl::Status DiskError(const std::string& what, int error) {
  const std::string text = what + ": " + std::strerror(error);
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(text);
  return absl::UnavailableError(text);
}

int OpenUnnamed(const std::string& directory) {
  const int fd = open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
  std::string path = directory + "/blocks-XXXXXX";
  const int named = mkostemp(path.data(), O_CLOEXEC);
  if (named >= 0) unlink(path.c_str());
  return named;
}

}  // namespace

struct SpillLog::Extent::Segment {
  explicit Segment(int descriptor) : fd(descriptor) {}
  ~Segment() { close(fd); }
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  const int fd;
};

absl::Status SpillLog::Extent::Read(char* to, size_t size) const {
  uint64_t offset = offset_;
  while (size > 0) {
    const ssize_t got = pread(segment_->fd, to, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return DiskError("cannot read a spilled block", errno);
    if (got == 0) return absl::DataLossError("a spilled block is cut off");
    to += got;
    offset += static_cast<uint64_t>(got);
    size -= static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const SpillLog::Extent::Segment>> SpillLog::NewSegment() {
  const int fd = OpenUnnamed(directory_);
  if (fd < 0) return DiskError("cannot make a file in " + directory_, errno);
  return std::make_shared<const Extent::Segment>(fd);
}

absl::StatusOr<SpillLog::Extent> SpillLog::Append(std::string_view bytes) {
  Extent extent;
  {
    std::lock_guard lock(mutex_);
    if (open_ == nullptr || end_ >= kSegmentBytes) {
      absl::StatusOr<std::shared_ptr<const Extent::Segment>> segment = NewSegment();
      if (!segment.ok()) return segment.status();
      open_ = *std::move(segment);
      end_ = 0;
    }
    extent.segment_ = open_;
    extent.offset_ = end_;
    end_ += bytes.size();
  }
  uint64_t offset = extent.offset_;
  while (!bytes.empty()) {
    const ssize_t put = pwrite(extent.segment_->fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return DiskError("cannot write to a file in " + directory_, errno);
    bytes.remove_prefix(static_cast<size_t>(put));
    offset += static_cast<uint64_t>(put);
  }
  return extent;
}

}  // namespace millstream::executor
