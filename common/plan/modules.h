#ifndef MILLSTREAM_COMMON_PLAN_MODULES_H_
#define MILLSTREAM_COMMON_PLAN_MODULES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace millstream::plan {

// An executable or shared library in this process.
struct LoadedModule {
  struct Segment {
    uint64_t begin = 0;  // addresses
    uint64_t end = 0;
  };
  std::string path;  // empty: the main executable
  uint64_t base = 0;
  std::string build_id;  // the linker's, else a hash of its code in memory
  std::vector<Segment> segments;

  bool Contains(uint64_t address, size_t bytes) const;
};

// The module whose mapped segments hold `address`.
std::optional<LoadedModule> ModuleOfAddress(const void* address);

// The module of `build_id`; one that is not loaded yet is loaded from `path`. FailedPrecondition names both
// builds when what is loaded as `path` is another one.
absl::StatusOr<LoadedModule> ModuleOfBuild(const std::string& path, const std::string& build_id);

LoadedModule MainModule();

}  // namespace millstream::plan

#endif  // MILLSTREAM_COMMON_PLAN_MODULES_H_
