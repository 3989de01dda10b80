#include "deploy/master/master.h"

#include <algorithm>
#include <cstdlib>
#include <ranges>
#include <utility>

#include "deploy/master/ids.h"

namespace millstream::deploy {
namespace {

constexpr const char* kWorkerPrefix = "worker/";
constexpr const char* kApplicationPrefix = "application/";

// Not heartbeats and questions, which are most of what is heard.
bool MattersToPlacement(const MasterEvent& event) {
  using Message = proto::ToMaster;
  const auto* arrived = std::get_if<MessageArrived>(&event);
  if (arrived == nullptr) return true;
  switch (arrived->message.kind_case()) {
    case Message::kHeartbeat:
    case Message::kList:
    case Message::kLogQuery:
    case Message::kLogAnswer:
    case Message::kAwaitDriver:
    case Message::kApplicationExit:
      return false;
    default:
      return true;
  }
}

std::string WasOn(const std::string& worker, const std::string& which) {
  return "was on worker " + worker + ", which " + which;
}

uint64_t SequenceOf(const std::string& id) {
  return std::strtoull(id.substr(id.rfind('-') + 1).c_str(), nullptr, 10);
}

}  // namespace

absl::StatusOr<Master> Master::Create(const MasterOptions& options,
                                      const std::map<std::string, std::string>& records, int64_t now_ms) {
  Master master(options, now_ms);
  for (const auto& [key, value] : records) {
    if (!master.Recall(key, value)) return absl::DataLossError("the record " + key + " cannot be read");
  }
  const bool any =
      !master.workers_.empty() ||
      std::ranges::any_of(master.applications_, [](const auto& entry) { return !entry.second.ended(); });
  if (any) master.recovering_until_ = now_ms + options.timeout_ms;
  return master;
}

bool Master::Recall(const std::string& key, const std::string& value) {
  if (key.starts_with(kWorkerPrefix)) {
    Worker worker;
    worker.heard_ms = now_ms_;
    if (!worker.record.ParseFromString(value)) return false;
    workers_[worker.record.id()] = std::move(worker);
  } else if (key.starts_with(kApplicationPrefix)) {
    Application application;
    application.heard_ms = now_ms_;
    if (!application.record.ParseFromString(value)) return false;
    const std::string id = application.record.id();
    next_sequence_ = std::max(next_sequence_, SequenceOf(id) + 1);
    applications_[id] = std::move(application);
  } else if (key.starts_with(kDriverPrefix)) {
    Driver driver;
    if (!driver.record.ParseFromString(value)) return false;
    const std::string id = driver.record.id();
    next_sequence_ = std::max(next_sequence_, SequenceOf(id) + 1);
    drivers_[id] = std::move(driver);
  }
  return true;
}

void Master::Handle(const MasterEvent& event, int64_t now_ms, Commands& commands) {
  now_ms_ = now_ms;
  commands_ = &commands;
  std::visit([this](const auto& e) { On(e); }, event);
  if (MattersToPlacement(event)) Schedule();
  commands_ = nullptr;
}

void Master::On(const MessageArrived& event) {
  using Message = proto::ToMaster;
  const bool from_peer = IsKnown(event.from) || event.message.has_worker() || event.message.has_application();
  if (from_peer && AmnestyEndMs()) On(Stalled{});
  if (Worker* worker = WorkerOf(event.from)) worker->heard_ms = now_ms_;
  if (Application* application = ApplicationOf(event.from)) application->heard_ms = now_ms_;
  switch (event.message.kind_case()) {
    case Message::kWorker:
      return On(event.from, event.message.worker());
    case Message::kWorkerStopping:
      return On(event.from, event.message.worker_stopping());
    case Message::kApplication:
      return On(event.from, event.message.application(), event.certified_as);
    case Message::kLaunch:
      return On(event.from, event.message.launch());
    case Message::kEnded:
      return On(event.from, event.message.ended());
    case Message::kApplicationEnded:
      return On(event.from, event.message.application_ended());
    case Message::kApplicationExit:
      return On(event.from, event.message.application_exit(), event.certified_as);
    case Message::kList:
      return On(event.from, event.message.list());
    case Message::kKill:
      return On(event.from, event.message.kill());
    case Message::kLogQuery:
      return On(event.from, event.message.log_query());
    case Message::kLogAnswer:
      return On(event.from, event.message.log_answer());
    case Message::kSubmitDriver:
      return On(event.from, event.message.submit_driver());
    case Message::kAwaitDriver:
      return On(event.from, event.message.await_driver());
    case Message::kFileChunk:    // whoever has the files answers
    case Message::kFileRequest:  // likewise
    case Message::kHeartbeat:
    case Message::KIND_NOT_SET:
      return;
  }
}

void Master::On(const Disconnected& event) {
  // Old connections break one by one when the network is back, before anybody says anything.
  if (IsKnown(event.connection) && AmnestyEndMs()) On(Stalled{});
  ForgetInLogReads(event.connection);
  for (auto& [id, driver] : drivers_) driver.awaited_by.erase(event.connection);
  if (const auto node = application_of_.extract(event.connection)) {
    Application& application = applications_.at(node.mapped());
    application.connection.reset();
    application.heard_ms = now_ms_;
    if (!application.ended()) {
      Warn(node.mapped() + ": its driver is away, and lost in " + std::to_string(options_.timeout_ms) +
           " ms");
    }
  }
  if (const auto node = worker_of_.extract(event.connection)) {
    Worker& worker = workers_.at(node.mapped());
    worker.connection.reset();
    worker.heard_ms = now_ms_;
    Warn("worker " + node.mapped() + " is away, and lost in " + std::to_string(options_.timeout_ms) + " ms");
    // Nobody will say when those that were to end have.
    for (auto& [id, application] : applications_) {
      for (auto at = application.executors.begin(); at != application.executors.end();) {
        const bool gone = at->second.worker == node.mapped() && at->second.unwanted;
        at = gone ? Forget(application, at, WasOn(node.mapped(), "is away")) : std::next(at);
      }
    }
  }
}

Master::Application* Master::ApplicationOf(ConnectionId connection) {
  const auto found = application_of_.find(connection);
  return found == application_of_.end() ? nullptr : &applications_.at(found->second);
}

Master::Worker* Master::WorkerOf(ConnectionId connection) {
  const auto found = worker_of_.find(connection);
  return found == worker_of_.end() ? nullptr : &workers_.at(found->second);
}

Master::Application& Master::NewApplication(const proto::ApplicationHello& hello,
                                            const std::string& certified_as) {
  Application application;
  application.record.set_id(NewId("app", now_ms_, next_sequence_++));
  application.record.set_name(ShortName(hello.name()));
  application.record.set_user(ShortName(hello.user()));
  *application.record.mutable_request() = hello.request();
  application.record.set_submitted_ms(now_ms_);
  application.record.set_certified_as(certified_as);
  application.record.set_driver(hello.driver());
  application.record.set_driver_epoch(hello.driver_epoch());
  application.heard_ms = now_ms_;
  Keep(application);
  LogState(application);
  return applications_[application.record.id()] = std::move(application);
}

std::map<uint32_t, Master::Executor>::iterator Master::Forget(Application& application,
                                                              std::map<uint32_t, Executor>::iterator executor,
                                                              const std::string& how) {
  if (!application.ended() && !executor->second.unwanted) {
    Warn("executor " + std::to_string(executor->first) + " of " + application.record.id() +
         " is lost: " + how);
  }
  if (application.connection && !application.ended()) {
    proto::FromMaster message;
    message.mutable_ended()->set_application(application.record.id());
    message.mutable_ended()->set_executor(executor->first);
    message.mutable_ended()->set_how(how);
    Send(*application.connection, std::move(message));
  }
  return application.executors.erase(executor);
}

void Master::Unwant(Application& application, uint32_t id) {
  const auto found = application.executors.find(id);
  if (found == application.executors.end()) return;
  const auto worker = workers_.find(found->second.worker);
  if (worker == workers_.end() || !worker->second.connection) {
    Forget(application, found, WasOn(found->second.worker, "is away"));
    return;
  }
  if (!application.ended() && !found->second.unwanted) {
    Warn("executor " + std::to_string(id) + " of " + application.record.id() + " is given up");
  }
  found->second.unwanted = true;
  proto::FromMaster message;
  message.mutable_kill()->set_application(application.record.id());
  message.mutable_kill()->set_executor(id);
  Send(*worker->second.connection, std::move(message));
}

void Master::LoseWorker(const std::string& id, const std::string& why, const absl::Status& close) {
  const auto node = workers_.extract(id);
  if (node.mapped().connection) {
    worker_of_.erase(*node.mapped().connection);
    ForgetInLogReads(*node.mapped().connection);
    commands_->emplace_back(CloseConnection{*node.mapped().connection, close});
  }
  commands_->emplace_back(KeepRecord{kWorkerPrefix + id, std::nullopt});
  const std::string how = WasOn(id, why);
  for (auto& [name, application] : applications_) {
    for (auto at = application.executors.begin(); at != application.executors.end();) {
      at = at->second.worker == id ? Forget(application, at, how) : std::next(at);
    }
  }
  for (auto& [name, driver] : drivers_) {
    if (driver.record.worker() == id) EndLaunch(driver, std::nullopt, how);
  }
}

void Master::EndApplication(Application& application, proto::ApplicationRecord::State state,
                            std::optional<uint32_t> exit_code) {
  if (application.ended()) return;
  application.record.set_state(state);
  if (exit_code) application.record.set_exit_code(*exit_code);
  application.record.set_ended_ms(now_ms_);
  application.kill_ms = now_ms_ + options_.end_timeout_ms;
  Keep(application);
  if (state != proto::ApplicationRecord::LOST) LogState(application);
}

void Master::LoseApplication(Application& application, const std::string& why) {
  EndApplication(application, proto::ApplicationRecord::LOST);
  Warn(application.record.id() + " is LOST: " + why);
  Refuse(application, why);
  KillExecutors(application);
  if (const Driver* driver = RunningDriver(application.record.driver(), application.record.driver_epoch())) {
    EndProcess(*driver);
  }
}

void Master::FailEnded(Application& application, std::optional<uint32_t> exit_code) {
  const proto::ApplicationRecord::State state = application.record.state();
  if (state != proto::ApplicationRecord::FINISHED && state != proto::ApplicationRecord::FAILED) return;
  application.record.set_state(proto::ApplicationRecord::FAILED);
  application.record.clear_exit_code();
  if (exit_code) application.record.set_exit_code(*exit_code);
  Keep(application);
  LogState(application);
}

void Master::Refuse(Application& application, const std::string& why) {
  if (!application.connection) return;
  proto::FromMaster killed;
  killed.mutable_killed()->set_reason(application.record.id() + ": " + why);
  Send(*application.connection, std::move(killed));
  commands_->emplace_back(CloseConnection{*application.connection, absl::CancelledError(why)});
  application_of_.erase(*application.connection);
  application.connection.reset();
}

void Master::KillExecutors(Application& application) {
  application.kill_ms.reset();
  const auto keys = std::views::keys(application.executors);
  const std::vector<uint32_t> ids(keys.begin(), keys.end());
  for (const uint32_t id : ids) Unwant(application, id);
}

void Master::ForgetOld() {
  const auto forget = [this](auto& all, const char* prefix, auto in_use) {
    auto ended =
        static_cast<size_t>(std::ranges::count_if(all, [](const auto& one) { return one.second.ended(); }));
    for (auto at = all.begin(); at != all.end() && ended > options_.most_ended;) {
      if (!at->second.ended() || in_use(at->second)) {
        ++at;
        continue;
      }
      commands_->emplace_back(KeepRecord{prefix + at->first, std::nullopt});
      at = all.erase(at);
      --ended;
    }
  };
  forget(applications_, kApplicationPrefix, [](const Application& application) {
    return !application.executors.empty() || application.connection.has_value();
  });
  forget(drivers_, kDriverPrefix, [](const Driver&) { return false; });
}

void Master::Keep(const Worker& worker) {
  commands_->emplace_back(KeepRecord{kWorkerPrefix + worker.record.id(), worker.record.SerializeAsString()});
}

void Master::Keep(const Application& application) {
  commands_->emplace_back(
      KeepRecord{kApplicationPrefix + application.record.id(), application.record.SerializeAsString()});
}

}  // namespace millstream::deploy
