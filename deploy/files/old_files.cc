#include "deploy/files/old_files.h"

#include <unistd.h>

#include <system_error>
#include <vector>

namespace millstream::deploy {
namespace fs = std::filesystem;
namespace {

// Also if it cannot be told.
bool IsNewer(const fs::path& path, fs::file_time_type before) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (error) return true;
  if (fs::is_symlink(status)) return false;
  const fs::file_time_type written = fs::last_write_time(path, error);
  return error || written >= before;
}

// Also if it cannot be read whole.
bool AnyIsNewer(const fs::path& entry, fs::file_time_type before) {
  if (IsNewer(entry, before)) return true;
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(entry, error))) return false;
  for (fs::recursive_directory_iterator at(entry, error), end; !error && at != end; at.increment(error)) {
    if (IsNewer(at->path(), before)) return true;
  }
  return static_cast<bool>(error);
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

void RemoveOldEntriesWithin(const fs::path& directory, const std::string& prefix,
                            const std::map<std::string, std::set<std::string>>& in_use,
                            fs::file_time_type before) {
  std::error_code error;
  std::vector<fs::path> groups;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (!at->path().filename().string().starts_with(prefix)) continue;
    std::error_code gone;
    if (fs::is_directory(at->symlink_status(gone))) groups.push_back(at->path());
  }
  for (const fs::path& group : groups) {
    const auto used = in_use.find(group.filename());
    RemoveOldEntries(group, "", used == in_use.end() ? std::set<std::string>{} : used->second, before);
    if (used == in_use.end()) rmdir(group.c_str());
  }
}

}  // namespace millstream::deploy
