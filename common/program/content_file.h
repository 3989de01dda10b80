#ifndef MILLSTREAM_COMMON_PROGRAM_CONTENT_FILE_H_
#define MILLSTREAM_COMMON_PROGRAM_CONTENT_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "proto/cluster.pb.h"

namespace millstream::program {

// A file of this machine that travels by its content. Thread-safe.
class ContentFile {
 public:
  // Reads it once, for its hash; what is read later is that file, even if another one has taken its name
  // since. `name` is what processes find it by. InvalidArgument: it cannot be read, or is no file.
  static absl::StatusOr<ContentFile> Open(const std::string& path, std::string name);

  const proto::ProgramFile& description() const { return description_; }

  // `most` bytes from `offset` on, fewer at its end.
  absl::StatusOr<std::string> Read(uint64_t offset, size_t most) const;

 private:
  ContentFile(std::shared_ptr<const int> fd, proto::ProgramFile description)
      : fd_(std::move(fd)), description_(std::move(description)) {}

  std::shared_ptr<const int> fd_;
  proto::ProgramFile description_;
};

}  // namespace millstream::program

#endif  // MILLSTREAM_COMMON_PROGRAM_CONTENT_FILE_H_
