#include "deploy/submit/application_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "common/cli/errors.h"
#include "common/program/elf_reader.h"

namespace millstream::deploy {
namespace {

constexpr std::string_view kLibrary = "libmillstream.so";

}  // namespace

absl::Status CheckApplication(const std::string& path) {
  const auto refuse = [&path](const std::string& cause, const std::string& fix) {
    return cli::UsageError(path, cause, fix);
  };
  const program::ElfReader file(path);
  struct stat status {};
  if (file.fd() < 0 || fstat(file.fd(), &status) != 0) {
    return refuse(std::string("cannot be read: ") + std::strerror(errno), "Name the program's executable");
  }
  if (!S_ISREG(status.st_mode)) return refuse("is not a file", "Name the program's executable");
  if (status.st_size == 0) return refuse("is empty", "Build the program again");
  const std::optional<Elf64_Ehdr> header = file.Header();
  if (!header) return refuse("is not an executable program", "Name what your build made, not its source");
  if (!program::IsOfThisMachine(*header)) {
    return refuse("is built for another kind of machine", "Build it for this one");
  }
  if (header->e_type != ET_EXEC && header->e_type != ET_DYN) {
    return refuse("is not an executable program", "Link it first");
  }
  const std::optional<std::vector<Elf64_Phdr>> segments = file.Segments(*header);
  const std::optional<program::DynamicSection> dynamic = segments ? file.Dynamic(*segments) : std::nullopt;
  if (!dynamic) return refuse("is truncated", "Copy or build it again");
  if (std::ranges::none_of(dynamic->needed,
                           [](const std::string& name) { return name.starts_with(kLibrary); })) {
    return refuse("is no Millstream program", "Link it with Millstream::streaming");
  }
  if (access(path.c_str(), X_OK) != 0) return refuse("is not executable", "Use chmod +x");
  return absl::OkStatus();
}

}  // namespace millstream::deploy
