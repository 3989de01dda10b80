#ifndef MILLSTREAM_COMMON_EXEC_SPILL_STORAGE_H_
#define MILLSTREAM_COMMON_EXEC_SPILL_STORAGE_H_

#include <millstream/exec/memory.h>

#include <memory>
#include <string>

namespace millstream::exec {

// Spills to memory: for tests, and for programs without a local directory.
class MemorySpillStorage : public SpillStorage {
 public:
  absl::StatusOr<std::unique_ptr<SpillFile>> Create() override;
};

// Spills to files of `directory`, which must exist. A file has no name once it is open, so that the system
// frees it with the process, however that ends.
class FileSpillStorage : public SpillStorage {
 public:
  explicit FileSpillStorage(std::string directory) : directory_(std::move(directory)) {}
  absl::StatusOr<std::unique_ptr<SpillFile>> Create() override;

 private:
  const std::string directory_;
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_COMMON_EXEC_SPILL_STORAGE_H_
