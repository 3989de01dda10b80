#include "common/program/elf_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace millstream::program {
namespace {

constexpr size_t kMostHeaders = 1024;
constexpr size_t kMostTable = size_t{64} << 20;

std::optional<uint64_t> OffsetOf(uint64_t address, const std::vector<Elf64_Phdr>& segments) {
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        address - segment.p_vaddr < segment.p_filesz) {
      return segment.p_offset + (address - segment.p_vaddr);
    }
  }
  return std::nullopt;
}

}  // namespace

ElfReader::ElfReader(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}

ElfReader::~ElfReader() {
  if (fd_ >= 0) close(fd_);
}

template <typename Record>
bool ElfReader::Read(uint64_t offset, Record& record) const {
  return pread(fd_, &record, sizeof(record), static_cast<off_t>(offset)) ==
         static_cast<ssize_t>(sizeof(record));
}

std::optional<std::string> ElfReader::ReadText(uint64_t offset, uint64_t bytes) const {
  if (bytes > kMostTable) return std::nullopt;
  std::string text(bytes, '\0');
  if (pread(fd_, text.data(), bytes, static_cast<off_t>(offset)) != static_cast<ssize_t>(bytes))
    return std::nullopt;
  return text;
}

std::optional<Elf64_Ehdr> ElfReader::Header() const {
  Elf64_Ehdr header;
  if (!Read(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  return header;
}

std::optional<std::vector<Elf64_Phdr>> ElfReader::Segments(const Elf64_Ehdr& header) const {
  struct stat status {};
  if (fstat(fd_, &status) != 0) return std::nullopt;
  const uint64_t file_bytes = static_cast<uint64_t>(status.st_size);
  std::vector<Elf64_Phdr> segments(std::min<size_t>(header.e_phnum, kMostHeaders));
  for (size_t i = 0; i < segments.size(); ++i) {
    Elf64_Phdr& segment = segments[i];
    if (!Read(header.e_phoff + i * sizeof(Elf64_Phdr), segment)) return std::nullopt;
    if (segment.p_filesz > file_bytes || segment.p_offset > file_bytes - segment.p_filesz)
      return std::nullopt;
  }
  const uint64_t end = header.e_shoff + uint64_t{header.e_shentsize} * header.e_shnum;
  if (end > file_bytes) return std::nullopt;
  return segments;
}

std::optional<DynamicSection> ElfReader::Dynamic(const std::vector<Elf64_Phdr>& segments) const {
  DynamicSection section;
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_DYNAMIC) continue;
    uint64_t names_address = 0;
    uint64_t names_bytes = 0;
    std::vector<Elf64_Dyn> texts;
    for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= segment.p_filesz; at += sizeof(Elf64_Dyn)) {
      Elf64_Dyn entry;
      if (!Read(segment.p_offset + at, entry)) return std::nullopt;
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_STRTAB) names_address = entry.d_un.d_ptr;
      if (entry.d_tag == DT_STRSZ) names_bytes = entry.d_un.d_val;
      if (entry.d_tag == DT_NEEDED || entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) {
        texts.push_back(entry);
      }
    }
    const std::optional<uint64_t> offset = OffsetOf(names_address, segments);
    const std::optional<std::string> names = offset ? ReadText(*offset, names_bytes) : std::nullopt;
    if (!names) return std::nullopt;
    for (const Elf64_Dyn& entry : texts) {
      if (entry.d_un.d_val >= names->size()) continue;
      const std::string text = names->c_str() + entry.d_un.d_val;
      if (entry.d_tag == DT_NEEDED) section.needed.push_back(text);
      if (entry.d_tag == DT_RPATH) section.rpath = text;
      if (entry.d_tag == DT_RUNPATH) section.runpath = text;
    }
  }
  return section;
}

bool IsOfThisMachine(const Elf64_Ehdr& header) {
  const std::optional<Elf64_Ehdr> own = ElfReader("/proc/self/exe").Header();
  return own && header.e_machine == own->e_machine && header.e_ident[EI_CLASS] == own->e_ident[EI_CLASS];
}

}  // namespace millstream::program
