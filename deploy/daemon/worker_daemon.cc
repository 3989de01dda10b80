#include "deploy/daemon/worker_daemon.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <future>
#include <thread>

#include "common/base/logging.h"
#include "deploy/daemon/signals.h"
#include "deploy/daemon/work_directory.h"
#include "deploy/submit/cluster_query.h"
#include "deploy/worker/worker.h"

namespace millstream::deploy {
namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;

uint64_t MachineMemory() {
  const uint64_t bytes =
      static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGE_SIZE));
  return bytes > 2 * kGiB ? bytes - kGiB : bytes / 2;
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 && name[0] != '\0' ? name : "localhost";
}

}  // namespace

absl::Status RunWorker(const WorkerDaemonOptions& options) {
  static std::promise<void> stop;
  OnStopSignal([] { stop.set_value(); });
  const auto masters = MastersOf(options.master, "MASTER");
  if (!masters.ok()) return masters.status();
  const auto directory = WorkDirectory::Open(options.work_dir);
  if (!directory.ok()) return directory.status();
  auto programs = ProgramCache::Open((*directory)->path() + "/programs");
  if (!programs.ok()) return programs.status();

  std::future<void> stopped = stop.get_future();
  Worker worker(
      {.masters = *masters,
       .host = HostName(),
       .cores = options.cores > 0 ? options.cores : std::max(1u, std::thread::hardware_concurrency()),
       .memory_bytes = options.memory_bytes > 0 ? options.memory_bytes : MachineMemory(),
       .directory = (*directory)->path()},
      *std::move(programs));
  if (absl::Status accepted = worker.AwaitMaster(options.wait_timeout); !accepted.ok()) return accepted;
  std::printf("ready %s\n", options.master.c_str());
  std::fflush(stdout);
  stopped.wait();
  base::LogInfo("stopping");
  return absl::OkStatus();
}

}  // namespace millstream::deploy
