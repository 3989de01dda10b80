#include "client/sources/file_ranges.h"

#include <glob.h>
#include <millstream/exec/encoder.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace millstream::client {
namespace {

namespace fs = std::filesystem;

struct File {
  std::string path;
  uint64_t bytes;
};

void AddFile(const fs::path& path, std::vector<File>& files) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return;
  const uint64_t bytes = fs::file_size(path, error);
  if (!error) files.push_back({fs::absolute(path, error).string(), bytes});
}

void AddAll(const fs::path& path, std::vector<File>& files) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return AddFile(path, files);
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.') && !name.starts_with('_')) AddFile(entry.path(), files);
  }
}

// False if there is nothing at `path`; a directory may be empty.
bool FindFiles(const std::string& path, std::vector<File>& files) {
  std::error_code error;
  bool found = fs::exists(path, error);
  if (found) {
    AddAll(path, files);
  } else {
    glob_t matches{};
    found = glob(path.c_str(), 0, nullptr, &matches) == 0;
    for (size_t i = 0; i < matches.gl_pathc; ++i) AddAll(matches.gl_pathv[i], files);
    globfree(&matches);
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.path < b.path; });
  return found;
}

}  // namespace

absl::StatusOr<FileRanges> CutFiles(const std::string& path, int min_partitions) {
  std::vector<File> files;
  if (!FindFiles(path, files)) {
    return absl::NotFoundError("TextFile " + path +
                               ": no such file. Check the path; on a cluster every host must see it");
  }
  uint64_t total = 0;
  for (const File& file : files) total += file.bytes;
  const uint64_t goal = std::max<uint64_t>(1, total / static_cast<uint64_t>(min_partitions));

  // As in Hadoop's input format: a partition is a range of one file, and the last range of a file may be a
  // tenth longer.
  std::vector<std::pair<const File*, std::pair<uint64_t, uint64_t>>> ranges;
  for (const File& file : files) {
    uint64_t offset = 0;
    while (file.bytes - offset > goal + goal / 10) {
      ranges.push_back({&file, {offset, goal}});
      offset += goal;
    }
    ranges.push_back({&file, {offset, file.bytes - offset}});
  }
  exec::Encoder state;
  state.PutVarint(ranges.size());
  for (const auto& [file, range] : ranges) {
    state.PutVarint(1);
    state.PutVarint(file->path.size());
    state.PutBytes(file->path);
    state.PutVarint(range.first);
    state.PutVarint(range.second);
  }
  return FileRanges{static_cast<int>(ranges.size()), state.Take()};
}

}  // namespace millstream::client
