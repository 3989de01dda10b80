#ifndef MILLSTREAM_COMMON_BASE_ROTATING_FILE_H_
#define MILLSTREAM_COMMON_BASE_ROTATING_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace millstream::base {

// A file that is appended to and never takes more than so much space: FILE becomes FILE.1 before it would be
// too large, FILE.1 becomes FILE.2, and so on; the oldest is dropped. Not thread-safe.
class RotatingFile {
 public:
  struct Bounds {
    uint64_t bytes = uint64_t{16} << 20;  // of each file, unless one append is longer
    int older_files = 4;
  };

  // Goes on with the file if it is there. InvalidArgument, with the fix: it cannot be written, or another
  // process writes it.
  static absl::StatusOr<std::unique_ptr<RotatingFile>> Open(const std::string& path, const Bounds& bounds);
  ~RotatingFile();
  RotatingFile(const RotatingFile&) = delete;
  RotatingFile& operator=(const RotatingFile&) = delete;

  const std::string& path() const { return path_; }

  // Text that the file system has no room for is lost.
  void Append(std::string_view text);

 private:
  RotatingFile(std::string path, const Bounds& bounds, int fd, uint64_t bytes)
      : path_(std::move(path)), bounds_(bounds), fd_(fd), bytes_(bytes) {}
  // False if there can be no new file now.
  bool Rotate();

  const std::string path_;
  const Bounds bounds_;
  int fd_;
  uint64_t bytes_;
};

}  // namespace millstream::base

#endif  // MILLSTREAM_COMMON_BASE_ROTATING_FILE_H_
