#include "common/base/file_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace millstream::base {
namespace {

// More would let strangers fill the memory with connections.
constexpr rlim_t kWantedFiles = 16384;

}  // namespace

void RaiseFileLimit() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  const rlim_t wanted = std::min(files.rlim_max, kWantedFiles);
  if (files.rlim_cur >= wanted) return;
  files.rlim_cur = wanted;
  setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace millstream::base
