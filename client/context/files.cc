#include "client/context/files.h"

#include <millstream/program.h>

#include <filesystem>
#include <mutex>
#include <system_error>

#include "absl/status/statusor.h"
#include "common/program/program_files.h"

namespace millstream {
namespace client {
namespace {

struct NamedFiles {
  std::mutex mutex;
  std::map<std::string, std::string> paths;  // protected by the mutex
};
NamedFiles& Named() {
  static NamedFiles* const named = new NamedFiles;
  return *named;
}

}  // namespace

absl::Status SetFiles(const std::string& list) {
  absl::StatusOr<std::map<std::string, std::string>> paths = program::NamedFiles(list);
  if (!paths.ok()) return paths.status();
  NamedFiles& named = Named();
  std::lock_guard lock(named.mutex);
  named.paths = *std::move(paths);
  return absl::OkStatus();
}

std::map<std::string, std::string> Files() {
  NamedFiles& named = Named();
  std::lock_guard lock(named.mutex);
  return named.paths;
}

}  // namespace client

std::string GetFile(std::string_view name) {
  const std::map<std::string, std::string> files = client::Files();
  const auto found = files.find(std::string(name));
  if (found != files.end()) return found->second;
  std::error_code error;
  return std::filesystem::absolute(name, error);
}

}  // namespace millstream
