#ifndef MILLSTREAM_EXECUTOR_BLOCKS_SPILL_LOG_H_
#define MILLSTREAM_EXECUTOR_BLOCKS_SPILL_LOG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millstream::executor {

// Slices on disk: appended to files of about 32 MiB that many blocks share. A file has no name, so that the
// system frees it with the process; its room is free when the last of its extents is gone. Thread-safe.
class SpillLog {
 public:
  // Where one slice lies; keeps the file.
  class Extent {
   public:
    explicit operator bool() const { return segment_ != nullptr; }
    // Exactly the `size` bytes that were appended.
    absl::Status Read(char* to, size_t size) const;

   private:
    friend class SpillLog;
    struct Segment;
    std::shared_ptr<const Segment> segment_;
    uint64_t offset_ = 0;
  };

  explicit SpillLog(std::string directory) : directory_(std::move(directory)) {}

  absl::StatusOr<Extent> Append(std::string_view bytes);

 private:
  absl::StatusOr<std::shared_ptr<const Extent::Segment>> NewSegment();

  const std::string directory_;
  std::mutex mutex_;
  std::shared_ptr<const Extent::Segment> open_;
  uint64_t end_ = 0;  // of the open file
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_BLOCKS_SPILL_LOG_H_
