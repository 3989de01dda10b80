#include "deploy/files/old_files.h"

#include <system_error>
#include <vector>

namespace millstream::deploy {
namespace fs = std::filesystem;
namespace {

// Also if it cannot be told.
bool IsNewer(const fs::path& path, fs::file_time_type before) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (error || fs::is_symlink(status)) return false;
  const fs::file_time_type written = fs::last_write_time(path, error);
  return error || written >= before;
}

bool AnyIsNewer(const fs::path& entry, fs::file_time_type before) {
  if (IsNewer(entry, before)) return true;
  std::error_code error;
  for (fs::recursive_directory_iterator at(entry, error), end; !error && at != end; at.increment(error)) {
    if (IsNewer(at->path(), before)) return true;
  }
  return false;
}

}  // namespace

void RemoveOldEntries(const fs::path& directory, const std::string& prefix,
                      const std::set<std::string>& in_use, fs::file_time_type before) {
  std::error_code error;
  std::vector<fs::path> old;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    if (name.starts_with(prefix) && !in_use.contains(name) && !AnyIsNewer(at->path(), before)) {
      old.push_back(at->path());
    }
  }
  for (const fs::path& path : old) fs::remove_all(path, error);
}

}  // namespace millstream::deploy
