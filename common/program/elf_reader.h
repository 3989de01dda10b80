#ifndef MILLSTREAM_COMMON_PROGRAM_ELF_READER_H_
#define MILLSTREAM_COMMON_PROGRAM_ELF_READER_H_

#include <elf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millstream::program {

// What a program or library tells the loader.
struct DynamicSection {
  std::vector<std::string> needed;  // names of libraries
  std::string rpath;
  std::string runpath;
};

// A file that may be an ELF file of 64 bits, and may end anywhere. It is read, never loaded.
class ElfReader {
 public:
  explicit ElfReader(const std::string& path);
  ~ElfReader();
  ElfReader(const ElfReader&) = delete;
  ElfReader& operator=(const ElfReader&) = delete;

  int fd() const { return fd_; }  // -1: errno told why it cannot be opened

  // nullopt: it is no ELF file.
  std::optional<Elf64_Ehdr> Header() const;
  // nullopt: the file ends before all that they announce.
  std::optional<std::vector<Elf64_Phdr>> Segments(const Elf64_Ehdr& header) const;
  // nullopt: it cannot be read.
  std::optional<DynamicSection> Dynamic(const std::vector<Elf64_Phdr>& segments) const;

 private:
  template <typename Record>
  bool Read(uint64_t offset, Record& record) const;
  // nullopt: the file ends before.
  std::optional<std::string> ReadText(uint64_t offset, uint64_t bytes) const;

  const int fd_;
};

// Whether `header` is of a file that processes of this machine can load.
bool IsOfThisMachine(const Elf64_Ehdr& header);

}  // namespace millstream::program

#endif  // MILLSTREAM_COMMON_PROGRAM_ELF_READER_H_
