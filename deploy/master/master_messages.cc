// What workers, drivers and clients say to a master.
#include <algorithm>
#include <set>
#include <utility>

#include "common/cli/values.h"
#include "common/security/identity.h"
#include "deploy/master/ids.h"
#include "deploy/master/master.h"

namespace millstream::deploy {
namespace {

constexpr uint32_t kMostCores = 4096;

}  // namespace

void Master::On(ConnectionId from, const proto::WorkerHello& hello) {
  if (IsKnown(from)) return;
  if (hello.cores() > kMostCores || hello.id().size() > kLongestName || hello.host().size() > kLongestName) {
    commands_->emplace_back(CloseConnection{
        from, absl::InvalidArgumentError("a worker with more than " + std::to_string(kMostCores) +
                                         " cores, or longer names than 256 bytes, is not accepted")});
    return;
  }
  const bool is_new = !workers_.contains(hello.id());
  Worker& worker = workers_[hello.id()];
  if (worker.connection && *worker.connection != from) {
    worker_of_.erase(*worker.connection);
    ForgetInLogReads(*worker.connection);
    commands_->emplace_back(
        CloseConnection{*worker.connection, absl::CancelledError("the worker connected again")});
  }
  worker.record.set_id(hello.id());
  worker.record.set_host(hello.host());
  worker.record.set_cores(hello.cores());
  worker.record.set_memory_bytes(hello.memory_bytes());
  worker.connection = from;
  worker.heard_ms = now_ms_;
  worker_of_[from] = hello.id();
  Keep(worker);
  Info("worker " + hello.id() + (is_new ? " is registered: " : " is back: ") +
       cli::Counted(hello.cores(), "core") + ", " +
       cli::FormatSize(static_cast<int64_t>(hello.memory_bytes())));
  proto::FromMaster accepted;
  accepted.mutable_accepted()->set_id(hello.id());
  accepted.mutable_accepted()->set_heartbeat_ms(static_cast<uint32_t>(options_.timeout_ms / 4));
  Send(from, std::move(accepted));
  AdoptExecutors(worker, hello);
  AdoptDrivers(worker, hello);
}

void Master::AdoptExecutors(Worker& worker, const proto::WorkerHello& hello) {
  std::set<std::pair<std::string, uint32_t>> running;
  for (const proto::RunningExecutor& executor : hello.executors()) {
    running.emplace(executor.application(), executor.executor());
    const auto application = applications_.find(executor.application());
    if (application != applications_.end()) {
      auto& executors = application->second.executors;
      const auto known = executors.find(executor.executor());
      if (known != executors.end() && !known->second.unwanted) {
        known->second.launched = true;
        continue;
      }
      if (known == executors.end() && recovering_until_ && !application->second.ended()) {
        executors[executor.executor()] = {worker.record.id(), executor.cores(), executor.memory_bytes(),
                                          /*launched=*/true};
        continue;
      }
    }
    // It was given up meanwhile; a kill that was sent before may be lost.
    proto::FromMaster message;
    message.mutable_kill()->set_application(executor.application());
    message.mutable_kill()->set_executor(executor.executor());
    Send(*worker.connection, std::move(message));
  }
  for (auto& [name, application] : applications_) {
    for (auto at = application.executors.begin(); at != application.executors.end();) {
      const bool missing = at->second.worker == worker.record.id() && !running.contains({name, at->first});
      at = missing ? Forget(application, at, "ended while its worker was away") : std::next(at);
    }
  }
}

void Master::On(ConnectionId from, const proto::ApplicationHello& hello, const std::string& certified_as) {
  if (IsKnown(from)) return;
  const auto found = applications_.find(hello.id());
  // Another application's driver must not take its place.
  const bool known = found != applications_.end() && !found->second.ended() &&
                     found->second.record.certified_as() == certified_as;
  if (!hello.id().empty() && !known) {
    proto::FromMaster killed;
    killed.mutable_killed()->set_reason(hello.id() +
                                        ": the master does not know it any more. Start it again");
    Send(from, std::move(killed));
    return;
  }
  if (const Driver* driver = RunningDriver(hello.driver(), hello.driver_epoch());
      !hello.driver().empty() &&
      (driver == nullptr || driver->record.kill() ||
       !(certified_as.empty() ||
         certified_as == security::LaunchApplicationId(hello.driver(), hello.driver_epoch())))) {
    proto::FromMaster killed;
    killed.mutable_killed()->set_reason(hello.driver() + ": this launch of it is over");
    Send(from, std::move(killed));
    return;
  }
  Application& application = hello.id().empty() ? NewApplication(hello, certified_as) : found->second;
  if (application.connection) {
    application_of_.erase(*application.connection);
    commands_->emplace_back(
        CloseConnection{*application.connection, absl::CancelledError("the driver connected again")});
  }
  application.connection = from;
  application.heard_ms = now_ms_;
  application.next_executor = std::max(application.next_executor, hello.next_executor());
  application.told.reset();
  application_of_[from] = application.record.id();
  if (!hello.id().empty()) Info(application.record.id() + ": its driver is back");
  proto::FromMaster accepted;
  accepted.mutable_accepted()->set_id(application.record.id());
  accepted.mutable_accepted()->set_heartbeat_ms(static_cast<uint32_t>(options_.timeout_ms / 4));
  Send(from, std::move(accepted));
  application.claimed = {hello.executors().begin(), hello.executors().end()};
  if (!recovering_until_) Reconcile(application);
}

void Master::LogState(const Application& application) {
  const proto::ApplicationRecord& record = application.record;
  std::string text = record.id() + " is " + proto::ApplicationRecord::State_Name(record.state());
  if (record.state() == proto::ApplicationRecord::WAITING)
    text += ": " + record.name() + ", of user " + record.user();
  if (record.has_exit_code()) text += ", with exit code " + std::to_string(record.exit_code());
  Info(std::move(text));
}

void Master::Reconcile(Application& application) {
  std::vector<uint32_t> unknown;
  for (const auto& [id, executor] : application.executors) {
    if (!application.claimed.contains(id)) unknown.push_back(id);
  }
  for (const uint32_t id : unknown) Unwant(application, id);
  for (const uint32_t id : std::exchange(application.claimed, {})) {
    if (const auto executor = application.executors.find(id); executor != application.executors.end()) {
      if (!executor->second.launched) Forget(application, executor, "was not launched: the connection broke");
      continue;
    }
    proto::FromMaster message;
    message.mutable_ended()->set_application(application.record.id());
    message.mutable_ended()->set_executor(id);
    message.mutable_ended()->set_how("ended while the master was away");
    Send(*application.connection, std::move(message));
  }
}

void Master::On(ConnectionId from, const proto::LaunchExecutor& launch) {
  Application* application = ApplicationOf(from);
  if (application == nullptr || application->ended()) return;
  const auto executor = application->executors.find(launch.executor());
  if (executor == application->executors.end() || executor->second.unwanted) return;
  const auto worker = workers_.find(executor->second.worker);
  if (worker == workers_.end() || !worker->second.connection) {
    Forget(*application, executor, "could not be launched: its worker is away");
    return;
  }
  executor->second.launched = true;
  proto::FromMaster message;
  *message.mutable_launch() = launch;
  message.mutable_launch()->set_application(application->record.id());
  message.mutable_launch()->set_cores(executor->second.cores);
  message.mutable_launch()->set_memory_bytes(executor->second.memory_bytes);
  message.mutable_launch()->set_certified_as(application->record.certified_as());
  Send(*worker->second.connection, std::move(message));
}

void Master::On(ConnectionId from, const proto::ExecutorEnded& ended) {
  if (Application* claimant = ApplicationOf(from)) {
    claimant->claimed.erase(ended.executor());
    return Unwant(*claimant, ended.executor());
  }
  const Worker* worker = WorkerOf(from);
  if (worker == nullptr) return;
  if (drivers_.contains(ended.application())) return OnDriverEnded(*worker, ended);
  const auto application = applications_.find(ended.application());
  if (application == applications_.end()) return;
  const auto executor = application->second.executors.find(ended.executor());
  if (executor == application->second.executors.end() || executor->second.worker != worker->record.id())
    return;
  if (executor->second.unwanted) {  // It was told to end it, and nobody waits for an answer.
    application->second.executors.erase(executor);
    return;
  }
  Forget(application->second, executor, ended.how());
}

void Master::On(ConnectionId from, const proto::WorkerStopping&) {
  const Worker* worker = WorkerOf(from);
  if (worker == nullptr) {  // It waits for it all the same.
    commands_->emplace_back(CloseConnection{from, absl::OkStatus()});
    return;
  }
  const std::string id = worker->record.id();
  Info("worker " + id + " stops");
  LoseWorker(id, "was stopped", absl::OkStatus());
}

void Master::On(ConnectionId from, const proto::ApplicationEnded& ended) {
  if (Application* application = ApplicationOf(from)) {
    EndApplication(
        *application,
        ended.exit_code() == 0 ? proto::ApplicationRecord::FINISHED : proto::ApplicationRecord::FAILED,
        ended.exit_code());
    application->connection.reset();
    application_of_.erase(from);
  }
  // Also who is unknown waits for it.
  commands_->emplace_back(CloseConnection{from, absl::OkStatus()});
}

void Master::On(ConnectionId from, const proto::ApplicationExit& exit, const std::string& certified_as) {
  const auto application = applications_.find(exit.id());
  if (application != applications_.end() && exit.exit_code() != 0 &&
      application->second.record.certified_as() == certified_as) {
    FailEnded(application->second, exit.exit_code());
  }
  proto::FromMaster answer;
  answer.mutable_accepted()->set_id(exit.id());
  Send(from, std::move(answer));
}

void Master::On(ConnectionId from, const proto::ListRequest&) {
  proto::FromMaster message;
  proto::ClusterList& list = *message.mutable_list();
  list.set_now_ms(now_ms_);
  std::map<std::string, proto::ClusterList::Worker*> listed;
  for (const auto& [id, worker] : workers_) {
    listed[id] = list.add_workers();
    *listed[id]->mutable_record() = worker.record;
    listed[id]->set_connected(worker.connection && now_ms_ < worker.heard_ms + options_.timeout_ms);
  }
  const auto use = [&listed](const std::string& id, uint32_t cores, uint64_t memory_bytes) {
    const auto worker = listed.find(id);
    if (worker == listed.end()) return;
    worker->second->set_cores_used(worker->second->cores_used() + cores);
    worker->second->set_memory_used_bytes(worker->second->memory_used_bytes() + memory_bytes);
  };
  for (const auto& [id, driver] : drivers_) {
    proto::DriverRecord& record = *list.add_drivers();
    record = driver.record;
    record.mutable_request()->clear_program();
    record.mutable_request()->clear_command_line();
    record.clear_submission();
    use(record.worker(), record.request().cores(), record.request().memory_bytes());
  }
  for (const auto& [name, application] : applications_) {
    proto::ClusterList::Application& entry = *list.add_applications();
    *entry.mutable_record() = application.record;
    for (const auto& [id, executor] : application.executors) {
      proto::ClusterList::Executor& one = *entry.add_executors();
      one.set_executor(id);
      one.set_worker(executor.worker);
      one.set_cores(executor.cores);
      use(executor.worker, executor.cores, executor.memory_bytes);
    }
  }
  Send(from, std::move(message));
}

void Master::On(ConnectionId from, const proto::KillRequest& request) {
  const auto found = applications_.find(request.id());
  const auto driver = drivers_.find(request.id());
  proto::FromMaster answer;
  answer.mutable_kill_answer()->set_found(found != applications_.end() || driver != drivers_.end());
  answer.mutable_kill_answer()->set_ended((found != applications_.end() && found->second.ended()) ||
                                          (driver != drivers_.end() && driver->second.ended()));
  Send(from, std::move(answer));
  if (driver != drivers_.end()) return KillDriver(driver->second);
  if (found == applications_.end() || found->second.ended()) return;
  Application& application = found->second;
  EndApplication(application, proto::ApplicationRecord::KILLED);
  // Else it would start another one.
  if (Driver* of = RunningDriver(application.record.driver(), application.record.driver_epoch())) {
    KillDriver(*of);
  }
  if (application.connection) {
    proto::FromMaster killed;
    killed.mutable_killed()->set_reason(request.id() + ": it was killed by request");
    Send(*application.connection, std::move(killed));
  }
}

}  // namespace millstream::deploy
