// Who gets what of the workers' cores and memory.
#include <algorithm>
#include <utility>

#include "common/cli/values.h"
#include "deploy/master/master.h"

namespace millstream::deploy {
namespace {

// `workers` are sorted by id.
FreeWorker* Find(std::vector<FreeWorker>& workers, const std::string& id) {
  const auto found = std::ranges::lower_bound(workers, id, {}, &FreeWorker::id);
  return found == workers.end() || found->id != id ? nullptr : &*found;
}

}  // namespace

std::vector<FreeWorker> Master::ConnectedWorkers() const {
  std::vector<FreeWorker> all;
  for (const auto& [id, worker] : workers_) {
    if (worker.connection) all.push_back({id, worker.record.cores(), worker.record.memory_bytes(), false});
  }
  return all;
}

std::vector<FreeWorker> Master::FreeWorkers() const {
  std::vector<FreeWorker> free = ConnectedWorkers();
  for (const auto& [name, application] : applications_) {
    for (const auto& [id, executor] : application.executors) {
      Take(executor.worker, executor.cores, executor.memory_bytes, free);
    }
  }
  for (const auto& [id, driver] : drivers_) {
    const proto::DriverRequest& request = driver.record.request();
    Take(driver.record.worker(), request.cores(), request.memory_bytes(), free);
  }
  return free;
}

void Master::Take(const std::string& id, uint32_t cores, uint64_t memory_bytes,
                  std::vector<FreeWorker>& free) {
  FreeWorker* worker = Find(free, id);
  if (worker == nullptr) return;
  worker->cores -= std::min(worker->cores, cores);
  worker->memory_bytes -= std::min(worker->memory_bytes, memory_bytes);
}

void Master::Schedule() {
  if (recovering_until_) {
    const bool back =
        std::ranges::all_of(workers_, [](const auto& w) { return w.second.connection.has_value(); }) &&
        std::ranges::all_of(
            applications_, [](const auto& a) { return a.second.ended() || a.second.connection.has_value(); });
    if (!back && now_ms_ < *recovering_until_) return;
    recovering_until_.reset();
    for (auto& [name, application] : applications_) {
      if (!application.ended() && application.connection) Reconcile(application);
    }
  }
  std::vector<FreeWorker> free = FreeWorkers();
  LaunchDrivers(free);
  for (auto& [name, application] : applications_) {
    if (application.ended() || !application.connection) continue;
    Held held;
    std::vector<FreeWorker> workers = free;
    for (const auto& [id, executor] : application.executors) {
      ++held.executors;
      held.cores += executor.cores;
      if (FreeWorker* worker = Find(workers, executor.worker)) worker->has_executor = true;
    }
    const std::vector<PlacedExecutor> placed =
        PlaceExecutors(application.record.request(), held, std::move(workers));
    if (placed.empty()) continue;
    proto::FromMaster message;
    for (const PlacedExecutor& executor : placed) {
      const uint32_t id = application.next_executor++;
      application.executors[id] = {executor.worker, executor.cores,
                                   application.record.request().executor_memory_bytes()};
      proto::ExecutorsGranted::Executor* granted = message.mutable_granted()->add_executors();
      granted->set_executor(id);
      granted->set_cores(executor.cores);
      granted->set_worker(executor.worker);
      Take(executor.worker, executor.cores, application.record.request().executor_memory_bytes(), free);
    }
    if (application.record.state() == proto::ApplicationRecord::WAITING) {
      application.record.set_state(proto::ApplicationRecord::RUNNING);
      Keep(application);
      LogState(application);
    }
    for (const proto::ExecutorsGranted::Executor& executor : message.granted().executors()) {
      Info("executor " + std::to_string(executor.executor()) + " of " + name + " is granted on worker " +
           executor.worker() + ", with " + cli::Counted(executor.cores(), "core"));
    }
    Send(*application.connection, std::move(message));
  }
  for (auto& [name, application] : applications_) {
    if (application.record.state() == proto::ApplicationRecord::WAITING && application.connection) {
      TellNothingGranted(application, free);
    }
  }
}

void Master::TellNothingGranted(Application& application, const std::vector<FreeWorker>& free) {
  proto::FromMaster message;
  proto::NothingGranted& nothing = *message.mutable_nothing_granted();
  std::vector<FreeWorker> all = ConnectedWorkers();
  const proto::ApplicationRecord& record = application.record;
  if (const Driver* driver = RunningDriver(record.driver(), record.driver_epoch())) {
    const proto::DriverRequest& own = driver->record.request();
    Take(driver->record.worker(), own.cores(), own.memory_bytes(), all);
  }
  nothing.set_workers(static_cast<uint32_t>(all.size()));
  for (const FreeWorker& worker : all) {
    const std::pair size(worker.cores, worker.memory_bytes);
    if (size <= std::pair(nothing.cores(), nothing.memory_bytes())) continue;
    nothing.set_cores(size.first);
    nothing.set_memory_bytes(size.second);
  }
  for (const FreeWorker& worker : free) {
    nothing.set_free_cores(std::max(nothing.free_cores(), worker.cores));
    nothing.set_free_memory_bytes(std::max(nothing.free_memory_bytes(), worker.memory_bytes));
  }
  nothing.set_fits(!PlaceExecutors(record.request(), {}, std::move(all)).empty());
  std::string text = nothing.SerializeAsString();
  if (text == application.told) return;
  application.told = std::move(text);
  Send(*application.connection, std::move(message));
}

}  // namespace millstream::deploy
