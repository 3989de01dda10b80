#include "deploy/files/file_store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "deploy/files/old_files.h"

namespace millstream::deploy {
namespace {

constexpr const char* kUnfinished = ".unfinished";

}  // namespace

FileStore::Writer::~Writer() {
  close(fd_);
  unlink(unfinished_.c_str());
}

absl::Status FileStore::Writer::Add(std::string_view data) {
  bytes_ += data.size();
  if (bytes_ > file_.bytes()) return absl::DataLossError("it is larger than was announced");
  hash_.Add(data);
  while (!data.empty()) {
    const ssize_t written = write(fd_, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return absl::InternalError(std::string("it cannot be kept: ") + std::strerror(errno));
    data.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> FileStore::Writer::Finish() {
  if (bytes_ != file_.bytes() || hash_.Finish() != file_.sha256()) {
    return absl::DataLossError("its content is not what was announced");
  }
  // What a journal refers to is to survive the machine too.
  std::error_code error;
  if (fdatasync(fd_) != 0) error.assign(errno, std::generic_category());
  if (!error) std::filesystem::rename(unfinished_, path_, error);
  if (error) return absl::InternalError(path_ + ": cannot be made: " + error.message());
  return path_;
}

absl::StatusOr<FileStore> FileStore::Open(std::string directory) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return absl::InvalidArgumentError(directory + ": cannot be made: " + std::strerror(errno) +
                                      ". Name a --work-dir that may be written");
  }
  std::error_code error;
  std::set<std::filesystem::path> unfinished;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() == kUnfinished) unfinished.insert(at->path());
  }
  for (const std::filesystem::path& path : unfinished) std::filesystem::remove(path, error);
  return FileStore(std::move(directory));
}

std::optional<std::string> FileStore::Find(const proto::ProgramFile& file) const {
  std::optional<std::string> path = Path(file.sha256());
  std::error_code error;
  if (!path || std::filesystem::file_size(*path, error) != file.bytes() || error) return std::nullopt;
  std::filesystem::last_write_time(*path, std::filesystem::file_time_type::clock::now(), error);
  return path;
}

absl::StatusOr<std::unique_ptr<FileStore::Writer>> FileStore::Add(const proto::ProgramFile& file) const {
  const std::optional<std::string> path = Path(file.sha256());
  if (!path) return absl::InvalidArgumentError("it has no hash");
  std::string unfinished = *path + "-XXXXXX" + kUnfinished;
  const int fd = mkostemps(unfinished.data(), static_cast<int>(std::strlen(kUnfinished)), O_CLOEXEC);
  if (fd >= 0) fchmod(fd, 0700);
  if (fd < 0) return absl::InternalError(unfinished + ": cannot be made: " + std::strerror(errno));
  return std::unique_ptr<Writer>(new Writer(file, unfinished, *path, fd));
}

void FileStore::RemoveOld(std::filesystem::file_time_type before, const std::set<std::string>& in_use) const {
  std::set<std::string> names;
  for (const std::string& sha256 : in_use) names.insert(absl::BytesToHexString(sha256));
  RemoveOldEntries(directory_, "", names, before);
}

std::optional<std::string> FileStore::Path(const std::string& sha256) const {
  if (sha256.size() != security::Sha256::kBytes) return std::nullopt;
  return directory_ + "/" + absl::BytesToHexString(sha256);
}

}  // namespace millstream::deploy
