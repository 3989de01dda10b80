#include "deploy/files/uploads.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

namespace millstream::deploy {
namespace {

constexpr size_t kMostUploads = 64;
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
  auto upload = uploads_.find(file.sha256());
  if (upload == uploads_.end()) {
    if (uploads_.size() >= kMostUploads) {
      // Most likely of a submitter that went away.
      uploads_.erase(
          std::ranges::min_element(uploads_, {}, [](const auto& one) { return one.second.last_part; }));
    }
    absl::StatusOr<std::unique_ptr<FileStore::Writer>> made = store_.Add(file);
    if (!made.ok()) return Held(0, made.status());
    upload = uploads_.emplace(file.sha256(), Upload{*std::move(made)}).first;
  }
  upload->second.last_part = next_part_++;
  FileStore::Writer& writer = *upload->second.writer;
  if (chunk.offset() != writer.bytes()) return Held(writer.bytes());
  absl::Status status = writer.Add(chunk.data());
  if (status.ok() && writer.bytes() < file.bytes()) return Held(writer.bytes());
  if (status.ok()) status = writer.Finish().status();
  uploads_.erase(upload);
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
