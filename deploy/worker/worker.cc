#include "deploy/worker/worker.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <set>

#include "common/base/logging.h"
#include "deploy/files/old_files.h"
#include "deploy/worker/certify.h"
#include "deploy/worker/executor_logs.h"
#include "deploy/worker/plain_name.h"

namespace millstream::deploy {
namespace {

constexpr std::chrono::hours kKept{7 * 24};
constexpr std::chrono::hours kCleaningInterval{1};
// A driver that gives its program slower than that will not be waited for.
constexpr std::chrono::minutes kLongestFetch{10};
constexpr std::chrono::seconds kPatienceAtTheEnd{1};
constexpr const char* kLogLane = "";

std::string NewId(const std::string& host) {
  std::random_device random;
  char text[16];
  std::snprintf(text, sizeof(text), "%08x", static_cast<unsigned>(random()));
  return "worker-" + host + "-" + text;
}

constexpr size_t kMostEndedDrivers = 1000;

std::string NameOf(const Launch::Key& key, bool is_driver) {
  return (is_driver ? "launch " : "executor ") + std::to_string(key.second) + " of " + key.first;
}

absl::Status MakeOneDirectory(const std::string& path, bool is_new) {
  if (mkdir(path.c_str(), 0700) == 0 || (errno == EEXIST && !is_new)) return absl::OkStatus();
  return absl::InternalError(path + ": cannot be made: " + std::strerror(errno));
}

proto::ToMaster EndedMessage(const Launch::Key& key, const std::string& how) {
  proto::ToMaster message;
  message.mutable_ended()->set_application(key.first);
  message.mutable_ended()->set_executor(key.second);
  message.mutable_ended()->set_how(how);
  return message;
}

// Before what the program's own environment says.
void AddLibraryPath(rpc::ChildProgram& program) {
  constexpr const char* kVariable = "LD_LIBRARY_PATH=";
  const char* inherited = getenv("LD_LIBRARY_PATH");
  std::string path = inherited == nullptr ? "" : inherited;
  std::erase_if(program.environment, [&](const std::string& variable) {
    if (!variable.starts_with(kVariable)) return false;
    path = variable.substr(std::strlen(kVariable));
    return true;
  });
  path = program.directory + "/" + ProgramCache::kLibraries + (path.empty() ? "" : ":") + path;
  program.environment.push_back(kVariable + path);
}

}  // namespace

Worker::Worker(WorkerOptions options, FileStore programs)
    : options_(std::move(options)),
      id_(NewId(options_.host)),
      programs_(std::move(programs)),
      master_files_([this](const proto::ToMaster& message) { connection_.Send(message); }),
      children_([this](const rpc::ChildExit& end) { OnExit(end); }),
      connection_(options_.own, options_.masters,
                  {.hello = [this] { return Hello(); },
                   .on_message = [this](const proto::FromMaster& message) { OnMessage(message); },
                   .on_lost = [this](const absl::Status& why) { OnLost(why); }}),
      cleaning_([this] { CleanLoop(); }),
      beating_([this] { BeatLoop(); }) {
  connection_.Start();
}

Worker::~Worker() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (auto& [key, running] : running_) running.fetch.request_stop();
  }
  changed_.notify_all();
  cleaning_.join();
  beating_.join();
  proto::ToMaster message;
  message.mutable_worker_stopping();
  connection_.End(message, kPatienceAtTheEnd);
}

absl::Status Worker::AwaitMaster(std::chrono::milliseconds patience, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, patience, [this] { return accepted_ || absl::IsUnauthenticated(lost_); });
  if (accepted_) return absl::OkStatus();
  if (stop.stop_requested()) return absl::CancelledError("stopped");
  return rpc::NoAnswerError(options_.masters, lost_, patience);
}

proto::ToMaster Worker::Hello() {
  proto::ToMaster message;
  proto::WorkerHello& hello = *message.mutable_worker();
  hello.set_id(id_);
  hello.set_host(options_.host);
  hello.set_cores(options_.cores);
  hello.set_memory_bytes(options_.memory_bytes);
  std::lock_guard lock(mutex_);
  for (const auto& [key, process] : running_) {
    proto::RunningExecutor& running = process.is_driver ? *hello.add_drivers() : *hello.add_executors();
    running.set_application(key.first);
    running.set_executor(key.second);
    running.set_cores(process.cores);
    running.set_memory_bytes(process.memory_bytes);
  }
  for (const proto::ExecutorEnded& ended : ended_drivers_) *hello.add_ended_drivers() = ended;
  return message;
}

void Worker::OnMessage(const proto::FromMaster& message) {
  switch (message.kind_case()) {
    case proto::FromMaster::kAccepted:
      return OnAccepted(message.accepted());
    case proto::FromMaster::kLaunch:
      return Accept(Launch::Of(message.launch()));
    case proto::FromMaster::kLaunchDriver:
      return Accept(Launch::Of(message.launch_driver()));
    case proto::FromMaster::kFileData:
      return master_files_.OnData(message.file_data());
    case proto::FromMaster::kKill:
      return Kill({message.kill().application(), message.kill().executor()});
    case proto::FromMaster::kLogQuery: {
      return RunInLane(kLogLane, [this, query = message.log_query()] {
        proto::ToMaster answer;
        *answer.mutable_log_answer() = ReadLogs(options_.directory, query);
        connection_.Send(answer);
      });
    }
    default:
      return;
  }
}

void Worker::OnAccepted(const proto::Accepted& accepted) {
  {
    std::lock_guard lock(mutex_);
    heartbeat_ = std::chrono::milliseconds(std::max(1u, accepted.heartbeat_ms()));
    accepted_ = true;
    connected_ = true;
  }
  changed_.notify_all();
  master_files_.OnConnection(true);
  base::LogInfo("accepted as " + id_);
}

void Worker::OnLost(const absl::Status& why) {
  master_files_.OnConnection(false);
  {
    std::lock_guard lock(mutex_);
    lost_ = absl::Status(why.code(), why.message());
    if (std::exchange(connected_, false)) {
      base::LogWarning(std::string(why.message()) + "; what it runs goes on, and the worker waits for it");
    }
  }
  changed_.notify_all();
}

void Worker::Accept(Launch launch) {
  {
    std::lock_guard lock(mutex_);
    if (launch.is_driver) {
      const std::string& id = launch.key.first;
      const auto epoch = launch.key.second;
      const bool is_old = std::ranges::any_of(ended_drivers_, [&](const proto::ExecutorEnded& ended) {
        return ended.application() == id && ended.executor() >= epoch;
      });
      const auto newer = running_.lower_bound(launch.key);
      if (is_old || (newer != running_.end() && newer->first.first == id)) return;
      for (auto& [key, process] : running_) {
        if (key.first == id) KillHeld(process);
      }
    }
    Running running{launch.is_driver, launch.cores, launch.memory_bytes, std::nullopt, false};
    if (!running_.try_emplace(launch.key, running).second) return;
  }
  changed_.notify_all();
  const std::string& application = launch.key.first;
  RunInLane(application, [this, launch] { Start(launch); });
}

void Worker::RunInLane(const std::string& name, std::function<void()> task) {
  std::lock_guard lock(mutex_);
  if (!stopping_) lanes_.Run(name, std::move(task));
}

void Worker::Kill(const Key& key) {
  {
    std::lock_guard lock(mutex_);
    const auto found = running_.find(key);
    // Its launch would have come before, on this connection.
    if (found == running_.end()) return connection_.Send(EndedMessage(key, "never started here"));
    KillHeld(found->second);
  }
  changed_.notify_all();
}

void Worker::KillHeld(Running& running) {
  running.killed = true;
  running.fetch.request_stop();
  if (running.child) children_.Kill(*running.child);
}

bool Worker::OtherLaunchRuns(const Key& driver) const {
  return std::ranges::any_of(running_, [&driver](const auto& process) {
    return process.first.first == driver.first && process.first != driver && process.second.child;
  });
}

void Worker::CleanLoop() {
  std::unique_lock lock(mutex_);
  do {
    lock.unlock();
    RemoveOldFiles();
    lock.lock();
  } while (!changed_.wait_for(lock, kCleaningInterval, [this] { return stopping_; }));
}

void Worker::RemoveOldFiles() {
  const auto before = std::filesystem::file_time_type::clock::now() - kKept;
  {
    std::lock_guard directories_lock(directories_mutex_);
    std::map<std::string, std::set<std::string>> in_use;
    {
      std::lock_guard lock(mutex_);
      for (const auto& [key, process] : running_) in_use[key.first].insert(std::to_string(key.second));
    }
    for (const char* kind : {"app-", "driver-"}) {
      RemoveOldEntriesWithin(options_.directory, kind, in_use, before);
    }
  }
  programs_.RemoveOld(before);
}

void Worker::Start(Launch launch) {
  launch.bootstrap.set_host(options_.executors_listen.host);
  launch.bootstrap.set_advertised_host(options_.executors_listen.advertised_host);
  uint32_t child = 0;
  {
    std::lock_guard lock(mutex_);
    child = next_child_++;
  }
  absl::StatusOr<rpc::ChildProgram> program = Prepare(launch);
  absl::Status started = program.status();
  if (started.ok()) started = Spawn(launch, *std::move(program), child);
  if (started.ok()) return;
  std::string how = "was not wanted any more";
  {
    std::lock_guard lock(mutex_);
    if (!running_.at(launch.key).killed && !stopping_) {
      how = "could not be started: " + std::string(started.message());
    }
  }
  OnEnded(launch.key, how);
}

absl::Status Worker::Spawn(Launch& launch, rpc::ChildProgram program, uint32_t child) {
  const absl::StatusOr<OutputFiles::Pipes> pipes = outputs_.Open(child, program.directory, launch.output);
  if (!pipes.ok()) return pipes.status();
  {
    std::unique_lock lock(mutex_);
    Running& running = running_.at(launch.key);
    running.fetched_by.reset();
    if (launch.is_driver) {
      changed_.wait(lock, [&] { return stopping_ || running.killed || !OtherLaunchRuns(launch.key); });
    }
    if (!running.killed && !stopping_) {
      program.output = pipes->output;
      program.errors = pipes->errors;
      running.child = child;
      key_of_[child] = launch.key;
      base::LogInfo(NameOf(launch.key, launch.is_driver) + " starts in " + program.directory);
      children_.Spawn(child, std::move(program), std::move(launch.bootstrap));
      return absl::OkStatus();
    }
  }
  close(pipes->output);
  close(pipes->errors);
  return absl::CancelledError("it is not wanted any more");
}

absl::StatusOr<rpc::ChildProgram> Worker::Prepare(Launch& launch) {
  if (absl::Status certified = Certify(options_.secret_file, launch); !certified.ok()) return certified;
  absl::StatusOr<std::string> directory = MakeDirectory(launch.key);
  if (!directory.ok()) return directory.status();
  std::stop_token stop;
  {
    std::lock_guard lock(mutex_);
    Running& running = running_.at(launch.key);
    stop = running.fetch.get_token();
    if (!launch.is_driver) running.fetched_by = std::chrono::steady_clock::now() + kLongestFetch;
  }
  FetchFile fetch = FetchFromDriver(launch.bootstrap, stop);
  if (launch.is_driver) {
    fetch = [this, stop](const proto::ProgramFile& file, size_t,
                         const std::function<absl::Status(std::string_view)>& sink) {
      return master_files_.Fetch(file, stop, sink);
    };
  }
  absl::StatusOr<std::string> executable = programs_.Place(launch.program, fetch, *directory);
  if (!executable.ok()) return executable.status();
  rpc::ChildProgram program{.executable = *std::move(executable),
                            .directory = *std::move(directory),
                            .arguments = launch.command_line,
                            .environment = launch.environment};
  if (launch.program.libraries_size() > 0) AddLibraryPath(program);
  return program;
}

absl::StatusOr<std::string> Worker::MakeDirectory(const Key& key) {
  if (!IsPlainName(key.first)) return absl::InvalidArgumentError("the application has no usable id");
  const std::string of_application = options_.directory + "/" + key.first;
  const std::string path = of_application + "/" + std::to_string(key.second);
  std::lock_guard lock(directories_mutex_);
  if (absl::Status made = MakeOneDirectory(of_application, false); !made.ok()) return made;
  if (absl::Status made = MakeOneDirectory(path, true); !made.ok()) return made;
  return path;
}

void Worker::OnExit(const rpc::ChildExit& end) {
  outputs_.End(end.child);
  Key key;
  {
    std::lock_guard lock(mutex_);
    key = std::move(key_of_.extract(end.child).mapped());
  }
  OnEnded(key, end.how, end.pid == 0 ? std::nullopt : std::optional(end.code));
}

void Worker::OnEnded(const Key& key, const std::string& how, std::optional<int> exit_code) {
  proto::ToMaster message = EndedMessage(key, how);
  proto::ExecutorEnded& ended = *message.mutable_ended();
  if (exit_code) ended.set_exit_code(static_cast<uint32_t>(*exit_code));
  {
    std::lock_guard lock(mutex_);
    const auto [is_driver, killed] = std::pair(running_.at(key).is_driver, running_.at(key).killed);
    running_.erase(key);
    if (is_driver) ended_drivers_.push_back(ended);
    if (ended_drivers_.size() > kMostEndedDrivers) ended_drivers_.pop_front();
    if (stopping_) return;
    const std::string name = NameOf(key, is_driver);
    if (killed) {
      base::LogInfo(name + " was told to end, and has");
    } else {
      (exit_code == 0 ? base::LogInfo : base::LogWarning)(name + " " + how);
    }
    connection_.Send(message);
  }
  changed_.notify_all();
}

void Worker::BeatLoop() {
  proto::ToMaster message;
  message.mutable_heartbeat();
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, heartbeat_, [this] { return stopping_; })) {
    for (auto& [key, running] : running_) {
      if (running.fetched_by && *running.fetched_by < std::chrono::steady_clock::now()) {
        running.fetch.request_stop();
      }
    }
    lock.unlock();
    connection_.Send(message);
    lock.lock();
  }
}

}  // namespace millstream::deploy
