#include "deploy/daemon/worker_daemon.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <future>
#include <stop_token>
#include <thread>

#include "common/base/file_limit.h"
#include "common/base/logging.h"
#include "common/rpc/rpc_server.h"
#include "common/security/cluster_secret.h"
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

// Where executors are to listen. An error if they could not.
absl::StatusOr<rpc::ListenOptions> ExecutorsListen(const WorkerDaemonOptions& options,
                                                   const std::string& master,
                                                   const security::Credentials& own) {
  rpc::ListenOptions listen{.host = options.host, .advertised_host = options.advertised_host};
  if (listen.host.empty()) {
    absl::StatusOr<std::string> host = rpc::OwnAddressTowards(master);
    if (!host.ok()) return host.status();
    listen.host = *std::move(host);
  }
  const auto tried = rpc::RpcServer::Listen(own, {}, {.listen = listen});
  if (!tried.ok()) return tried.status();
  return listen;
}

}  // namespace

absl::Status RunWorker(const WorkerDaemonOptions& options) {
  base::WarnOfFewFiles();
  const std::stop_source stop;
  OnStopSignal([stop]() mutable { stop.request_stop(); });
  const auto own = security::ClusterCredentials(security::Role::kWorker, options.secret_file);
  if (!own.ok()) return own.status();
  const auto masters = MastersOf(options.master, "MASTER", own->tls.has_value());
  if (!masters.ok()) return masters.status();
  const auto listen = ExecutorsListen(options, masters->front(), *own);
  if (!listen.ok()) return listen.status();
  const auto directory = WorkDirectory::Open(options.work_dir);
  if (!directory.ok()) return directory.status();
  auto programs = FileStore::Open((*directory)->path() + "/programs");
  if (!programs.ok()) return programs.status();

  Worker worker(
      {.own = *own,
       .masters = *masters,
       .host = HostName(),
       .executors_listen = *listen,
       .cores = options.cores > 0 ? options.cores : std::max(1u, std::thread::hardware_concurrency()),
       .memory_bytes = options.memory_bytes > 0 ? options.memory_bytes : MachineMemory(),
       .directory = (*directory)->path(),
       .secret_file = options.secret_file},
      *std::move(programs));
  absl::Status accepted = worker.AwaitMaster(options.wait_timeout, stop.get_token());
  if (absl::IsCancelled(accepted)) return absl::OkStatus();
  if (!accepted.ok()) return accepted;
  std::printf("ready %s\n", options.master.c_str());
  std::fflush(stdout);
  std::promise<void> stopped;
  const std::stop_callback on_stop(stop.get_token(), [&stopped] { stopped.set_value(); });
  stopped.get_future().wait();
  base::LogInfo("stopping");
  return absl::OkStatus();
}

}  // namespace millstream::deploy
