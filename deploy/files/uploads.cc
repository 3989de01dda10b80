#include "deploy/files/uploads.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

namespace millstream::deploy {
namespace {

constexpr size_t kMostWriters = 64;
constexpr size_t kMostBytes = size_t{1} << 20;

proto::FileHeld Held(uint64_t bytes, const absl::Status& error = absl::OkStatus()) {
  proto::FileHeld held;
  held.set_bytes(bytes);
  held.set_error(std::string(error.message()));
  return held;
}

}  // namespace

proto::FileHeld Uploads::Take(const proto::FileChunk& chunk) {
  const proto::ProgramFile& file = chunk.file();
  if (store_.Find(file)) return Held(file.bytes());
  auto writer = writers_.find(file.sha256());
  if (writer == writers_.end()) {
    // A submitter that went away leaves one behind.
    if (writers_.size() >= kMostWriters) writers_.erase(writers_.begin());
    absl::StatusOr<std::unique_ptr<FileStore::Writer>> made = store_.Add(file);
    if (!made.ok()) return Held(0, made.status());
    writer = writers_.emplace(file.sha256(), *std::move(made)).first;
  }
  if (chunk.offset() != writer->second->bytes()) return Held(writer->second->bytes());
  absl::Status status = writer->second->Add(chunk.data());
  if (status.ok() && writer->second->bytes() < file.bytes()) return Held(writer->second->bytes());
  if (status.ok()) status = writer->second->Finish().status();
  writers_.erase(writer);
  return Held(status.ok() ? file.bytes() : 0, status);
}

proto::FileData Uploads::Give(const proto::FileRequest& request) const {
  proto::FileData answer;
  answer.set_sha256(request.sha256());
  answer.set_offset(request.offset());
  const std::optional<std::string> path = store_.Path(request.sha256());
  if (!path || request.offset() > std::numeric_limits<off_t>::max()) return answer;
  const int fd = open(path->c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return answer;
  std::string& data = *answer.mutable_data();
  data.resize(kMostBytes);
  const ssize_t bytes = pread(fd, data.data(), data.size(), static_cast<off_t>(request.offset()));
  close(fd);
  data.resize(static_cast<size_t>(std::max<ssize_t>(0, bytes)));
  return answer;
}

}  // namespace millstream::deploy
