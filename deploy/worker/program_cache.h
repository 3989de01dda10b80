#ifndef MILLSTREAM_DEPLOY_WORKER_PROGRAM_CACHE_H_
#define MILLSTREAM_DEPLOY_WORKER_PROGRAM_CACHE_H_

#include <cstddef>
#include <filesystem>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "deploy/files/file_store.h"
#include "proto/cluster.pb.h"

namespace millstream::deploy {

// Hands the content of a file to `sink`, in order, until that returns an error. `index` is the file's among
// those of its program (proto::ProgramFiles). Blocks.
using FetchFile = std::function<absl::Status(const proto::ProgramFile& file, size_t index,
                                             const std::function<absl::Status(std::string_view)>& sink)>;

// From an application's driver, which serves them as blocks. Cancelled: `stop` was requested, which ends a
// fetch at once.
FetchFile FetchFromDriver(const proto::Bootstrap& driver, std::stop_token stop);

// What processes of applications were started from, kept by the hash of its content. Thread-safe.
class ProgramCache {
 public:
  explicit ProgramCache(FileStore store) : store_(std::move(store)) {}

  // Puts a program's files into `directory`, and its libraries into kLibraries within; returns the path of
  // its executable. What is not kept yet is fetched. An error names the cause: who has it cannot be reached,
  // what came is not what was announced, or the disk is full.
  absl::StatusOr<std::string> Place(const proto::ProgramFiles& program, const FetchFile& fetch,
                                    const std::string& directory);

  // Removes what nobody asked for since `before`; processes that run it do not notice.
  void RemoveOld(std::filesystem::file_time_type before);

  static constexpr const char* kLibraries = ".libraries";

 private:
  absl::StatusOr<std::string> Get(const proto::ProgramFile& file, size_t index, const FetchFile& fetch);

  FileStore store_;
  std::mutex removing_;  // held while old files are told from those that are asked for
};

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_WORKER_PROGRAM_CACHE_H_
