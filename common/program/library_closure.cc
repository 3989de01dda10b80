#include "common/program/library_closure.h"

#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "common/program/elf_reader.h"

namespace millstream::program {
namespace {

namespace fs = std::filesystem;

// The loader's without any configuration.
constexpr std::array<std::string_view, 4> kSystemDirectories{"/lib", "/lib64", "/usr/lib", "/usr/lib64"};
// What Debian's within them end with, after the name of the processor.
constexpr std::string_view kDebianSuffix = "-linux-gnu";

// Parts of the C library fit only each other, the loader and the kernel's interface on their machine.
constexpr std::array<std::string_view, 9> kCLibrary{"ld-linux",      "libc.so",    "libm.so",
                                                    "libpthread.so", "libdl.so",   "librt.so",
                                                    "libresolv.so",  "libutil.so", "libanl.so"};

// An object that is loaded, and where what it needs is looked for.
struct Object {
  DynamicSection section;
  std::vector<fs::path> rpath;  // its own, and those of who needs it
  std::vector<fs::path> runpath;
};

// nullopt: other tokens name variants of system directories.
std::optional<std::string> ExpandOrigin(std::string_view text, const std::string& origin) {
  std::string expanded;
  while (!text.empty()) {
    const size_t token = std::min(text.find('$'), text.size());
    expanded += text.substr(0, token);
    text.remove_prefix(token);
    if (text.empty()) break;
    const std::string_view name = text.starts_with("${ORIGIN}") ? "${ORIGIN}" : "$ORIGIN";
    if (!text.starts_with(name)) return std::nullopt;
    expanded += origin;
    text.remove_prefix(name.size());
  }
  return expanded;
}

std::vector<fs::path> Directories(std::string_view list, const fs::path& origin) {
  std::vector<fs::path> directories;
  while (!list.empty()) {
    const size_t colon = std::min(list.find(':'), list.size());
    const std::optional<std::string> directory = ExpandOrigin(list.substr(0, colon), origin);
    list.remove_prefix(std::min(colon + 1, list.size()));
    if (directory && !directory->empty()) directories.emplace_back(*directory);
  }
  return directories;
}

std::optional<Object> ReadObject(const fs::path& path, const std::vector<fs::path>& inherited_rpath) {
  const ElfReader file(path);
  const std::optional<Elf64_Ehdr> header = file.Header();
  if (!header || !IsOfThisMachine(*header)) return std::nullopt;
  const auto segments = file.Segments(*header);
  std::optional<DynamicSection> section = segments ? file.Dynamic(*segments) : std::nullopt;
  if (!section) return std::nullopt;
  Object object{*std::move(section), {}, {}};
  object.runpath = Directories(object.section.runpath, path.parent_path());
  // Who has a RUNPATH has no RPATH, nor those of others.
  if (!object.section.runpath.empty()) return object;
  object.rpath = Directories(object.section.rpath, path.parent_path());
  object.rpath.insert(object.rpath.end(), inherited_rpath.begin(), inherited_rpath.end());
  return object;
}

bool IsInSystemDirectory(const fs::path& path) {
  std::error_code error;
  fs::path directory = fs::canonical(path.parent_path(), error);
  if (directory.string().ends_with(kDebianSuffix)) directory = directory.parent_path();
  return std::ranges::any_of(kSystemDirectories, [&](std::string_view system) {
    std::error_code absent;
    return fs::canonical(system, absent) == directory && !absent;
  });
}

}  // namespace

std::map<std::string, std::string> TravellingLibraries(const std::string& executable,
                                                       const std::string& library_path) {
  std::map<std::string, std::string> travelling;
  std::error_code error;
  const fs::path real = fs::canonical(executable, error);
  std::optional<Object> program = ReadObject(error ? fs::path(executable) : real, {});
  if (!program) return travelling;
  std::set<std::string> seen;
  std::deque<Object> objects{*std::move(program)};
  for (; !objects.empty(); objects.pop_front()) {
    const Object& object = objects.front();
    std::vector<fs::path> directories = object.rpath;
    for (fs::path& directory : Directories(library_path, "")) directories.push_back(std::move(directory));
    directories.insert(directories.end(), object.runpath.begin(), object.runpath.end());
    for (const std::string& name : object.section.needed) {
      const bool is_c =
          std::ranges::any_of(kCLibrary, [&](std::string_view part) { return name.starts_with(part); });
      // A name with a slash is a path, which nothing but that path satisfies.
      if (is_c || name.find('/') != std::string::npos || !seen.insert(name).second) continue;
      for (const fs::path& directory : directories) {
        std::optional<Object> library = ReadObject(directory / name, object.rpath);
        if (!library) continue;
        if (!IsInSystemDirectory(directory / name)) {
          travelling[name] = directory / name;
          objects.push_back(*std::move(library));
        }
        break;
      }
    }
  }
  return travelling;
}

}  // namespace millstream::program
