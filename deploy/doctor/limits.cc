#include "deploy/doctor/limits.h"

#include <sys/resource.h>

#include <limits>
#include <string>

#include "common/base/file_limit.h"

namespace millstream::deploy {
namespace {

constexpr uint64_t kNone = std::numeric_limits<uint64_t>::max();

uint64_t Read(decltype(RLIMIT_NOFILE) resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return 0;
  // Of files, every process of ours takes as many as it may have.
  const rlim_t counts = resource == RLIMIT_NOFILE ? limit.rlim_max : limit.rlim_cur;
  return counts == RLIM_INFINITY ? kNone : counts;
}

Finding Check(std::string_view thing, uint64_t limit, uint64_t least, uint64_t enough, std::string_view need,
              std::string_view raise) {
  if (limit == kNone) return Ok(thing, "no limit");
  const std::string found = "at most " + std::to_string(limit);
  if (limit >= enough) return Ok(thing, found);
  const std::string why = found + "; " + std::string(need);
  const std::string fix =
      std::string(raise) + " " + std::to_string(enough) + ", or a line in /etc/security/limits.conf";
  return limit < least ? Fail(thing, why, fix) : Warn(thing, why, fix);
}

}  // namespace

Limits ReadLimits() { return {Read(RLIMIT_NOFILE), Read(RLIMIT_NPROC)}; }

std::vector<Finding> CheckLimits(const Limits& limits) {
  return {
      Check("open files", limits.open_files, 256, base::kEnoughFiles,
            "a process needs one for each connection, also a stranger's, and executors for what they spill",
            "As root, raise it: ulimit -Hn"),
      Check("processes", limits.processes, 256, 1024, "threads count, and an executor has a dozen of them",
            "Raise it, as root beyond the hard limit: ulimit -u"),
  };
}

}  // namespace millstream::deploy
