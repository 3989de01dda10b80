#include "deploy/master/master.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

namespace millstream::deploy {
namespace {

constexpr const char* kWorkerPrefix = "worker/";
constexpr const char* kApplicationPrefix = "application/";

// "app-20260102030405-0007", by UTC; ids sort as they were given.
std::string ApplicationId(int64_t now_ms, uint64_t sequence) {
  const std::time_t seconds = now_ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  std::snprintf(text, sizeof(text), "app-%04d%02d%02d%02d%02d%02d-%04llu", utc.tm_year + 1900, utc.tm_mon + 1,
                utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<unsigned long long>(sequence));
  return text;
}

uint64_t SequenceOf(const std::string& id) {
  return std::strtoull(id.substr(id.rfind('-') + 1).c_str(), nullptr, 10);
}

}  // namespace

Master::Master(const MasterOptions& options, const std::map<std::string, std::string>& records,
               int64_t now_ms)
    : options_(options), now_ms_(now_ms) {
  for (const auto& [key, value] : records) {
    if (key.starts_with(kWorkerPrefix)) {
      Worker worker;
      worker.heard_ms = now_ms;
      if (worker.record.ParseFromString(value)) workers_[worker.record.id()] = std::move(worker);
    } else if (key.starts_with(kApplicationPrefix)) {
      Application application;
      application.gone_ms = now_ms;
      if (!application.record.ParseFromString(value)) continue;
      const std::string id = application.record.id();
      next_sequence_ = std::max(next_sequence_, SequenceOf(id) + 1);
      applications_[id] = std::move(application);
    }
  }
  const bool any = !workers_.empty() || std::ranges::any_of(applications_, [](const auto& entry) {
    return !entry.second.ended();
  });
  if (any) recovering_until_ = now_ms + options_.timeout_ms;
}

void Master::Handle(const MasterEvent& event, int64_t now_ms, Commands& commands) {
  now_ms_ = now_ms;
  commands_ = &commands;
  std::visit([this](const auto& e) { On(e); }, event);
  Schedule();
  commands_ = nullptr;
}

std::optional<int64_t> Master::NextDeadlineMs() const {
  std::optional<int64_t> deadline = recovering_until_;
  const auto sooner = [&deadline](int64_t at) {
    if (!deadline || at < *deadline) deadline = at;
  };
  for (const auto& [id, worker] : workers_) sooner(worker.heard_ms + options_.timeout_ms);
  for (const auto& [id, application] : applications_) {
    if (!application.ended() && !application.connection) sooner(application.gone_ms + options_.timeout_ms);
    if (application.kill_ms) sooner(*application.kill_ms);
  }
  return deadline;
}

void Master::On(const MessageArrived& event) {
  using Message = proto::ToMaster;
  if (Worker* worker = WorkerOf(event.from)) worker->heard_ms = now_ms_;
  switch (event.message.kind_case()) {
    case Message::kWorker:
      return On(event.from, event.message.worker());
    case Message::kApplication:
      return On(event.from, event.message.application(), event.certified_as);
    case Message::kLaunch:
      return On(event.from, event.message.launch());
    case Message::kEnded:
      return On(event.from, event.message.ended());
    case Message::kApplicationEnded:
      return On(event.from, event.message.application_ended());
    case Message::kList:
      return On(event.from, event.message.list());
    case Message::kKill:
      return On(event.from, event.message.kill());
    case Message::kLogQuery:
      return On(event.from, event.message.log_query());
    case Message::kLogAnswer:
      return On(event.from, event.message.log_answer());
    case Message::kHeartbeat:
    case Message::KIND_NOT_SET:
      return;
  }
}

void Master::On(const Disconnected& event) {
  ForgetInLogReads(event.connection);
  if (const auto node = application_of_.extract(event.connection)) {
    Application& application = applications_.at(node.mapped());
    application.connection.reset();
    application.gone_ms = now_ms_;
  }
  if (const auto node = worker_of_.extract(event.connection)) {
    Worker& worker = workers_.at(node.mapped());
    worker.connection.reset();
    worker.heard_ms = now_ms_;
    // Nobody will say when those that were to end have.
    for (auto& [id, application] : applications_) {
      for (auto at = application.executors.begin(); at != application.executors.end();) {
        const bool gone = at->second.worker == node.mapped() && at->second.unwanted;
        at = gone ? application.executors.erase(at) : std::next(at);
      }
    }
  }
}

void Master::On(const TimePassed&) {
  std::vector<std::string> silent;
  for (const auto& [id, worker] : workers_) {
    if (now_ms_ >= worker.heard_ms + options_.timeout_ms) silent.push_back(id);
  }
  for (const std::string& id : silent) {
    LoseWorker(id, "worker " + id + " was silent for " + std::to_string(options_.timeout_ms) + " ms");
  }
  for (auto& [id, application] : applications_) {
    if (!application.ended() && !application.connection &&
        now_ms_ >= application.gone_ms + options_.timeout_ms) {
      EndApplication(application, proto::ApplicationRecord::LOST);
    }
    if (application.kill_ms && now_ms_ >= *application.kill_ms) KillExecutors(application);
  }
  ForgetOldApplications();
}

void Master::On(const Stalled&) {
  for (auto& [id, worker] : workers_) worker.heard_ms = now_ms_;
  for (auto& [id, application] : applications_) application.gone_ms = now_ms_;
  if (recovering_until_) recovering_until_ = now_ms_ + options_.timeout_ms;
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
  application.record.set_id(ApplicationId(now_ms_, next_sequence_++));
  application.record.set_name(hello.name());
  application.record.set_user(hello.user());
  *application.record.mutable_request() = hello.request();
  application.record.set_submitted_ms(now_ms_);
  application.record.set_certified_as(certified_as);
  Keep(application);
  return applications_[application.record.id()] = std::move(application);
}

std::map<uint32_t, Master::Executor>::iterator Master::Forget(Application& application,
                                                              std::map<uint32_t, Executor>::iterator executor,
                                                              const std::string& how) {
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
    application.executors.erase(found);
    return;
  }
  found->second.unwanted = true;
  proto::FromMaster message;
  message.mutable_kill()->set_application(application.record.id());
  message.mutable_kill()->set_executor(id);
  Send(*worker->second.connection, std::move(message));
}

void Master::LoseWorker(const std::string& id, const std::string& why) {
  const auto node = workers_.extract(id);
  if (node.mapped().connection) {
    worker_of_.erase(*node.mapped().connection);
    ForgetInLogReads(*node.mapped().connection);
    commands_->push_back(CloseConnection{*node.mapped().connection, absl::UnavailableError(why)});
  }
  commands_->push_back(KeepRecord{kWorkerPrefix + id, std::nullopt});
  for (auto& [name, application] : applications_) {
    for (auto at = application.executors.begin(); at != application.executors.end();) {
      at = at->second.worker == id ? Forget(application, at, "is lost: " + why) : std::next(at);
    }
  }
}

void Master::EndApplication(Application& application, proto::ApplicationRecord::State state) {
  if (application.ended()) return;
  application.record.set_state(state);
  application.record.set_ended_ms(now_ms_);
  application.kill_ms = now_ms_ + options_.end_timeout_ms;
  Keep(application);
}

void Master::KillExecutors(Application& application) {
  application.kill_ms.reset();
  std::vector<uint32_t> ids;
  for (const auto& [id, executor] : application.executors) ids.push_back(id);
  for (const uint32_t id : ids) Unwant(application, id);
}

void Master::ForgetOldApplications() {
  size_t ended = 0;
  for (const auto& [id, application] : applications_) ended += application.ended() ? 1 : 0;
  for (auto at = applications_.begin();
       at != applications_.end() && ended > options_.most_ended_applications;) {
    const Application& application = at->second;
    if (!application.ended() || !application.executors.empty() || application.connection) {
      ++at;
      continue;
    }
    commands_->push_back(KeepRecord{kApplicationPrefix + at->first, std::nullopt});
    at = applications_.erase(at);
    --ended;
  }
}

std::vector<FreeWorker> Master::FreeWorkers(const Application& application) const {
  std::map<std::string, FreeWorker> free;
  for (const auto& [id, worker] : workers_) {
    if (worker.connection) free[id] = {id, worker.record.cores(), worker.record.memory_bytes(), false};
  }
  for (const auto& [name, other] : applications_) {
    for (const auto& [id, executor] : other.executors) {
      const auto found = free.find(executor.worker);
      if (found == free.end()) continue;
      FreeWorker& worker = found->second;
      worker.cores -= std::min(worker.cores, executor.cores);
      worker.memory_bytes -= std::min(worker.memory_bytes, executor.memory_bytes);
      worker.has_executor |= &other == &application;
    }
  }
  std::vector<FreeWorker> workers;
  for (auto& [id, worker] : free) workers.push_back(std::move(worker));
  return workers;
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
  for (auto& [name, application] : applications_) {
    if (application.ended() || !application.connection) continue;
    Held held;
    for (const auto& [id, executor] : application.executors) {
      ++held.executors;
      held.cores += executor.cores;
    }
    const std::vector<PlacedExecutor> placed =
        PlaceExecutors(application.record.request(), held, FreeWorkers(application));
    if (placed.empty()) continue;
    proto::FromMaster message;
    for (const PlacedExecutor& executor : placed) {
      const uint32_t id = application.next_executor++;
      application.executors[id] = {executor.worker, executor.cores,
                                   application.record.request().executor_memory_bytes(), false};
      proto::ExecutorsGranted::Executor* granted = message.mutable_granted()->add_executors();
      granted->set_executor(id);
      granted->set_cores(executor.cores);
      granted->set_worker(executor.worker);
    }
    if (application.record.state() == proto::ApplicationRecord::WAITING) {
      application.record.set_state(proto::ApplicationRecord::RUNNING);
      Keep(application);
    }
    Send(*application.connection, std::move(message));
  }
}

void Master::Keep(const Worker& worker) {
  commands_->push_back(KeepRecord{kWorkerPrefix + worker.record.id(), worker.record.SerializeAsString()});
}

void Master::Keep(const Application& application) {
  commands_->push_back(
      KeepRecord{kApplicationPrefix + application.record.id(), application.record.SerializeAsString()});
}

}  // namespace millstream::deploy
