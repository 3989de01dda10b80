#include "common/program/program_files.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "common/cli/errors.h"
#include "common/cli/values.h"
#include "common/program/library_closure.h"

namespace millstream::program {

absl::StatusOr<std::map<std::string, std::string>> NamedFiles(std::string_view list) {
  std::map<std::string, std::string> named;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string file(cli::Trim(list.substr(0, comma)));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (file.empty()) continue;
    std::error_code error;
    const std::filesystem::path path = std::filesystem::absolute(file, error).lexically_normal();
    const bool is_file = !error && std::filesystem::is_regular_file(path, error);
    if (error || !is_file) {
      return cli::UsageError(file, error ? "cannot be read: " + error.message() : "is not a file",
                             "Name files that can be read, separated by commas");
    }
    // Names that a worker uses in the same directory.
    const std::string name = path.filename();
    if (name == "stdout" || name == "stderr" || name == ".libraries") {
      return cli::UsageError(file, "a worker uses that name itself", "Rename the file");
    }
    const auto [at, is_new] = named.emplace(path.filename(), path);
    if (!is_new && at->second != path) {
      return cli::UsageError(file, "another file is called " + at->first + " too, " + at->second,
                             "Rename one: they are found by that name");
    }
  }
  return named;
}

absl::StatusOr<ProgramFiles> OpenProgramFiles(const std::string& executable,
                                              const std::map<std::string, std::string>& files) {
  ProgramFiles opened;
  const auto add = [&opened](const std::string& path, const std::string& name,
                             proto::ProgramFile& description) {
    absl::StatusOr<ContentFile> file = ContentFile::Open(path, name);
    if (!file.ok()) return file.status();
    description = file->description();
    opened.contents.push_back(*std::move(file));
    return absl::OkStatus();
  };
  const std::string name = std::filesystem::path(executable).filename();
  if (absl::Status added = add(executable, name, *opened.descriptions.mutable_executable()); !added.ok()) {
    return added;
  }
  const char* library_path = getenv("LD_LIBRARY_PATH");
  for (const auto& [library, path] :
       TravellingLibraries(executable, library_path == nullptr ? "" : library_path)) {
    if (absl::Status added = add(path, library, *opened.descriptions.add_libraries()); !added.ok())
      return added;
  }
  for (const auto& [file_name, path] : files) {
    if (absl::Status added = add(path, file_name, *opened.descriptions.add_files()); !added.ok())
      return added;
  }
  return opened;
}

}  // namespace millstream::program
