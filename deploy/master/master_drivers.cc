// Drivers in cluster mode: placed on workers before executors are, known by an id and an epoch that counts
// their launches, and supervised on request. A launch is in the journal before the worker hears of it, and
// each end is told by its worker until the master knows it, so that a driver is neither lost nor doubled.
#include <algorithm>
#include <set>
#include <utility>

#include "deploy/master/ids.h"
#include "deploy/master/master.h"

namespace millstream::deploy {

void Master::On(ConnectionId from, const proto::SubmitDriver& submit) {
  const auto known = std::ranges::find_if(drivers_, [&submit](const auto& driver) {
    return driver.second.record.submission() == submit.submission();
  });
  std::string id;
  if (known != drivers_.end()) {
    id = known->first;
  } else {
    id = NewId("driver", now_ms_, next_sequence_++);
    Driver& driver = drivers_[id];
    driver.record.set_id(id);
    driver.record.set_submission(submit.submission());
    *driver.record.mutable_request() = submit.request();
    driver.record.mutable_request()->set_name(ShortName(submit.request().name()));
    driver.record.mutable_request()->set_user(ShortName(submit.request().user()));
    driver.record.set_submitted_ms(now_ms_);
    Changed(driver);
  }
  proto::FromMaster accepted;
  accepted.mutable_accepted()->set_id(id);
  Send(from, std::move(accepted));
}

void Master::On(ConnectionId from, const proto::AwaitDriver& request) {
  const auto driver = drivers_.find(request.id());
  proto::FromMaster answer;
  answer.mutable_driver();
  if (driver != drivers_.end()) {
    *answer.mutable_driver()->mutable_record() = driver->second.record;
    driver->second.awaited_by.insert(from);
  }
  Send(from, std::move(answer));
}

Master::Driver* Master::RunningDriver(const std::string& driver, uint32_t epoch) {
  const auto found = drivers_.find(driver);
  if (found == drivers_.end() || found->second.ended() || found->second.waits()) return nullptr;
  return found->second.record.epoch() == epoch ? &found->second : nullptr;
}

void Master::AdoptDrivers(Worker& worker, const proto::WorkerHello& hello) {
  for (const proto::ExecutorEnded& ended : hello.ended_drivers()) OnDriverEnded(worker, ended);
  std::set<std::string> running;
  for (const proto::RunningExecutor& process : hello.drivers()) {
    const Driver* driver = RunningDriver(process.application(), process.executor());
    if (driver != nullptr && driver->record.worker() == worker.record.id() && !driver->record.kill()) {
      running.insert(process.application());
      continue;
    }
    // It was given up, or killed, meanwhile.
    proto::FromMaster message;
    message.mutable_kill()->set_application(process.application());
    message.mutable_kill()->set_executor(process.executor());
    Send(*worker.connection, std::move(message));
    if (driver != nullptr) running.insert(process.application());
  }
  for (auto& [id, driver] : drivers_) {
    if (driver.record.worker() != worker.record.id() || running.contains(id)) continue;
    // It never heard of it.
    if (driver.record.kill()) {
      EndLaunch(driver, std::nullopt, "was killed by request");
    } else {
      SendLaunch(driver);
    }
  }
}

void Master::OnDriverEnded(const Worker& worker, const proto::ExecutorEnded& ended) {
  Driver* driver = RunningDriver(ended.application(), ended.executor());
  if (driver == nullptr || driver->record.worker() != worker.record.id()) return;
  EndLaunch(*driver, ended.has_exit_code() ? std::optional(ended.exit_code()) : std::nullopt, ended.how());
}

void Master::EndLaunch(Driver& driver, std::optional<uint32_t> exit_code, const std::string& how) {
  proto::DriverRecord& record = driver.record;
  record.clear_worker();
  record.set_how(record.kill() ? "was killed by request" : how);
  record.clear_exit_code();
  if (exit_code) record.set_exit_code(*exit_code);
  if (record.kill()) {
    record.set_state(proto::DriverRecord::KILLED);
  } else if (exit_code == 0u) {
    record.set_state(proto::DriverRecord::FINISHED);
  } else if (record.request().supervise()) {
    record.set_state(proto::DriverRecord::RELAUNCHING);
    const bool first = driver.pause_ms == 0 || now_ms_ - record.launched_ms() > options_.steady_ms;
    driver.pause_ms =
        first ? options_.first_pause_ms : std::min(2 * driver.pause_ms, options_.longest_pause_ms);
    driver.relaunch_ms = now_ms_ + driver.pause_ms;
  } else {
    record.set_state(proto::DriverRecord::FAILED);
  }
  if (driver.ended()) record.set_ended_ms(now_ms_);
  EndApplicationsOf(record);
  Changed(driver);
}

void Master::EndApplicationsOf(const proto::DriverRecord& driver) {
  using Record = proto::ApplicationRecord;
  const bool failed = driver.exit_code() != 0 || !driver.has_exit_code();
  for (auto& [id, application] : applications_) {
    const Record& record = application.record;
    if (record.driver() != driver.id() || record.driver_epoch() != driver.epoch()) continue;
    const std::optional<uint32_t> exit_code =
        driver.has_exit_code() ? std::optional(driver.exit_code()) : std::nullopt;
    if (failed) FailEnded(application, exit_code);
    if (application.ended()) continue;
    EndApplication(application,
                   driver.kill() ? Record::KILLED
                   : failed      ? Record::FAILED
                                 : Record::FINISHED,
                   exit_code);
    Refuse(application, "its driver " + driver.id() + " " + driver.how());
    KillExecutors(application);
  }
}

void Master::LaunchDrivers(std::vector<FreeWorker>& free) {
  for (auto& [id, driver] : drivers_) {
    if (!driver.waits() || driver.relaunch_ms.value_or(0) > now_ms_) continue;
    std::optional<std::string> worker = PlaceDriver(driver.record.request(), free);
    if (!worker) continue;
    Take(*worker, driver.record.request().cores(), driver.record.request().memory_bytes(), free);
    driver.relaunch_ms.reset();
    driver.record.set_worker(*std::move(worker));
    driver.record.set_epoch(driver.record.epoch() + 1);
    driver.record.set_launched_ms(now_ms_);
    driver.record.set_state(proto::DriverRecord::RUNNING);
    driver.record.clear_how();  // of the launch before
    driver.record.clear_exit_code();
    Changed(driver);
    SendLaunch(driver);
  }
}

void Master::SendLaunch(const Driver& driver) {
  const auto worker = workers_.find(driver.record.worker());
  if (worker == workers_.end() || !worker->second.connection) return;
  proto::FromMaster message;
  message.mutable_launch_driver()->set_id(driver.record.id());
  message.mutable_launch_driver()->set_epoch(driver.record.epoch());
  *message.mutable_launch_driver()->mutable_request() = driver.record.request();
  Send(*worker->second.connection, std::move(message));
}

void Master::EndProcess(const Driver& driver) {
  const auto worker = workers_.find(driver.record.worker());
  if (worker == workers_.end() || !worker->second.connection) return;
  proto::FromMaster message;
  message.mutable_kill()->set_application(driver.record.id());
  message.mutable_kill()->set_executor(driver.record.epoch());
  Send(*worker->second.connection, std::move(message));
}

void Master::KillDriver(Driver& driver) {
  if (driver.ended() || driver.record.kill()) return;
  driver.record.set_kill(true);
  if (driver.waits()) return EndLaunch(driver, std::nullopt, "was killed by request");
  Changed(driver);
  EndProcess(driver);
}

void Master::LogState(const Driver& driver) {
  using Record = proto::DriverRecord;
  const Record& record = driver.record;
  std::string text = record.id() + " is " + Record::State_Name(record.state());
  switch (record.state()) {
    case Record::SUBMITTED:
      return Info(text + ": " + record.request().name() + ", of user " + record.request().user());
    case Record::RUNNING:
      if (record.kill()) return Info(record.id() + " is to end: it is killed by request");
      return Info(text + " on worker " + record.worker() + ", launch " + std::to_string(record.epoch()));
    case Record::RELAUNCHING:
      return Warn(text + " in " + std::to_string(driver.pause_ms) + " ms: it " + record.how());
    default:
      return Info(text + ": it " + record.how());
  }
}

void Master::Changed(const Driver& driver) {
  LogState(driver);
  commands_->emplace_back(KeepRecord{kDriverPrefix + driver.record.id(), driver.record.SerializeAsString()});
  for (const ConnectionId client : driver.awaited_by) {
    proto::FromMaster message;
    *message.mutable_driver()->mutable_record() = driver.record;
    Send(client, std::move(message));
  }
}

std::set<std::string> Master::FilesInUse() const {
  std::set<std::string> files;
  for (const auto& [id, driver] : drivers_) {
    if (driver.ended()) continue;
    const proto::ProgramFiles& program = driver.record.request().program();
    files.insert(program.executable().sha256());
    for (const proto::ProgramFile& library : program.libraries()) files.insert(library.sha256());
    for (const proto::ProgramFile& file : program.files()) files.insert(file.sha256());
  }
  return files;
}

}  // namespace millstream::deploy
