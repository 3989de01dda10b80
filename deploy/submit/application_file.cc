#include "deploy/submit/application_file.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "common/cli/errors.h"

namespace millstream::deploy {
namespace {

constexpr std::string_view kLibrary = "libmillstream.so";
constexpr size_t kMostHeaders = 1024;
constexpr size_t kMostTable = size_t{64} << 20;

// Reads of a file that may end anywhere.
class FileReader {
 public:
  explicit FileReader(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~FileReader() {
    if (fd_ >= 0) close(fd_);
  }
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  int fd() const { return fd_; }

  template <typename Record>
  bool Read(uint64_t offset, Record& record) const {
    return pread(fd_, &record, sizeof(record), static_cast<off_t>(offset)) ==
           static_cast<ssize_t>(sizeof(record));
  }
  // nullopt: the file ends before.
  std::optional<std::string> ReadText(uint64_t offset, uint64_t bytes) const {
    if (bytes > kMostTable) return std::nullopt;
    std::string text(bytes, '\0');
    if (pread(fd_, text.data(), bytes, static_cast<off_t>(offset)) != static_cast<ssize_t>(bytes))
      return std::nullopt;
    return text;
  }

 private:
  const int fd_;
};

std::optional<uint64_t> OffsetOf(uint64_t address, const std::vector<Elf64_Phdr>& headers) {
  for (const Elf64_Phdr& header : headers) {
    if (header.p_type == PT_LOAD && address >= header.p_vaddr && address - header.p_vaddr < header.p_filesz) {
      return header.p_offset + (address - header.p_vaddr);
    }
  }
  return std::nullopt;
}

// Whether the program names our library among those it needs; nullopt: its tables cannot be read.
std::optional<bool> NeedsMillstream(const FileReader& file, const std::vector<Elf64_Phdr>& headers) {
  for (const Elf64_Phdr& header : headers) {
    if (header.p_type != PT_DYNAMIC) continue;
    uint64_t names_address = 0;
    uint64_t names_bytes = 0;
    std::vector<uint64_t> needed;
    for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= header.p_filesz; at += sizeof(Elf64_Dyn)) {
      Elf64_Dyn entry;
      if (!file.Read(header.p_offset + at, entry)) return std::nullopt;
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_STRTAB) names_address = entry.d_un.d_ptr;
      if (entry.d_tag == DT_STRSZ) names_bytes = entry.d_un.d_val;
      if (entry.d_tag == DT_NEEDED) needed.push_back(entry.d_un.d_val);
    }
    const std::optional<uint64_t> offset = OffsetOf(names_address, headers);
    const std::optional<std::string> names = offset ? file.ReadText(*offset, names_bytes) : std::nullopt;
    if (!names) return std::nullopt;
    for (const uint64_t name : needed) {
      if (name < names->size() && std::string_view(*names).substr(name).starts_with(kLibrary)) return true;
    }
  }
  return false;
}

}  // namespace

absl::Status CheckApplication(const std::string& path) {
  const auto refuse = [&path](const std::string& cause, const std::string& fix) {
    return cli::UsageError(path, cause, fix);
  };
  const FileReader file(path);
  struct stat status {};
  if (file.fd() < 0 || fstat(file.fd(), &status) != 0) {
    return refuse(std::string("cannot be read: ") + std::strerror(errno), "Name the program's executable");
  }
  if (!S_ISREG(status.st_mode)) return refuse("is not a file", "Name the program's executable");
  if (status.st_size == 0) return refuse("is empty", "Build the program again");
  Elf64_Ehdr header;
  if (!file.Read(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return refuse("is not an executable program", "Name what your build made, not its source");
  }
  Elf64_Ehdr own;
  const FileReader self("/proc/self/exe");
  if (self.Read(0, own) &&
      (header.e_machine != own.e_machine || header.e_ident[EI_CLASS] != own.e_ident[EI_CLASS])) {
    return refuse("is built for another kind of machine", "Build it for this one");
  }
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN) {
    return refuse("is not an executable program", "Link it first");
  }
  std::vector<Elf64_Phdr> headers(std::min<size_t>(header.e_phnum, kMostHeaders));
  const std::string truncated = "is truncated";
  const std::string again = "Copy or build it again";
  for (size_t i = 0; i < headers.size(); ++i) {
    if (!file.Read(header.e_phoff + i * sizeof(Elf64_Phdr), headers[i])) return refuse(truncated, again);
    const Elf64_Phdr& segment = headers[i];
    if (segment.p_filesz > static_cast<uint64_t>(status.st_size) ||
        segment.p_offset > static_cast<uint64_t>(status.st_size) - segment.p_filesz) {
      return refuse(truncated, again);
    }
  }
  const uint64_t end = header.e_shoff + uint64_t{header.e_shentsize} * header.e_shnum;
  if (end > static_cast<uint64_t>(status.st_size)) return refuse(truncated, again);
  const std::optional<bool> ours = NeedsMillstream(file, headers);
  if (!ours) return refuse(truncated, again);
  if (!*ours) return refuse("is no Millstream program", "Link it with Millstream::streaming");
  if (access(path.c_str(), X_OK) != 0) return refuse("is not executable", "Use chmod +x");
  return absl::OkStatus();
}

}  // namespace millstream::deploy
