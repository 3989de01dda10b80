#ifndef MILLSTREAM_DEPLOY_FILES_FILE_STORE_H_
#define MILLSTREAM_DEPLOY_FILES_FILE_STORE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/security/sha256.h"
#include "proto/cluster.pb.h"

namespace millstream::deploy {

// Files by the hash of their content, in a directory. A file is there whole or not at all, and executable.
// Thread-safe, except that what is asked for while old files are removed may be one of them.
class FileStore {
 public:
  // A file that is being added; dropped unless it is finished.
  class Writer {
   public:
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    uint64_t bytes() const { return bytes_; }
    // DataLoss: that is more than was announced.
    absl::Status Add(std::string_view data);
    // Its path. DataLoss: the content is not what was announced.
    absl::StatusOr<std::string> Finish();

   private:
    friend class FileStore;
    Writer(proto::ProgramFile file, std::string unfinished, std::string path, int fd)
        : file_(std::move(file)), unfinished_(std::move(unfinished)), path_(std::move(path)), fd_(fd) {}

    const proto::ProgramFile file_;
    const std::string unfinished_;
    const std::string path_;
    const int fd_;
    uint64_t bytes_ = 0;
    security::Sha256 hash_;
  };

  // Makes the directory if need be, and removes what an earlier owner left unfinished.
  static absl::StatusOr<FileStore> Open(std::string directory);

  // Where the file is; it counts as used now.
  std::optional<std::string> Find(const proto::ProgramFile& file) const;
  // Where a file of that hash is, or would be; nullopt if that is no hash.
  std::optional<std::string> Path(const std::string& sha256) const;
  absl::StatusOr<std::unique_ptr<Writer>> Add(const proto::ProgramFile& file) const;

  // Removes files that nobody asked for since `before` and whose hash is not among `in_use`; processes that
  // run them do not notice.
  void RemoveOld(std::filesystem::file_time_type before, const std::set<std::string>& in_use = {}) const;

 private:
  explicit FileStore(std::string directory) : directory_(std::move(directory)) {}

  std::string directory_;
};

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_FILES_FILE_STORE_H_
