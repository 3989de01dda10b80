#include "common/base/file_limit.h"

#include <sys/resource.h>

#include <algorithm>
#include <string>

#include "common/base/logging.h"

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

void WarnOfFewFiles() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= kEnoughFiles) return;
  const std::string enough = std::to_string(kEnoughFiles);
  LogWarning(
      "open files: this process may have at most " + std::to_string(files.rlim_cur) +
      ", and needs one for each connection, also a stranger's. As root, raise the hard limit: ulimit -Hn " +
      enough + ", LimitNOFILE=" + enough + " of a unit, or a line in /etc/security/limits.conf");
}

}  // namespace millstream::base
