#include "deploy/worker/worker.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <random>
#include <set>

#include "common/base/logging.h"
#include "deploy/worker/executor_logs.h"
#include "deploy/worker/old_files.h"

namespace millstream::deploy {
namespace {

constexpr std::chrono::hours kKept{7 * 24};
constexpr std::chrono::hours kCleaningInterval{1};

std::string NewId(const std::string& host) {
  std::random_device random;
  char text[16];
  std::snprintf(text, sizeof(text), "%08x", static_cast<unsigned>(random()));
  return "worker-" + host + "-" + text;
}

std::string NameOf(const std::string& application, uint32_t executor) {
  return "executor " + std::to_string(executor) + " of " + application;
}

absl::Status MakeOneDirectory(const std::string& path, bool is_new) {
  if (mkdir(path.c_str(), 0700) == 0 || (errno == EEXIST && !is_new)) return absl::OkStatus();
  return absl::InternalError(path + ": cannot be made: " + std::strerror(errno));
}

}  // namespace

Worker::Worker(WorkerOptions options, ProgramCache programs)
    : options_(std::move(options)),
      id_(NewId(options_.host)),
      programs_(std::move(programs)),
      children_([this](const rpc::ChildExit& end) { OnExit(end); }),
      connection_(options_.own, options_.masters,
                  {.hello = [this] { return Hello(); },
                   .on_message = [this](const proto::FromMaster& message) { OnMessage(message); },
                   .on_lost = [this](const absl::Status& why) { OnLost(why); }}),
      launching_([this] { LaunchLoop(); }),
      beating_([this] { BeatLoop(); }) {
  connection_.Start();
}

Worker::~Worker() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  launching_.join();
  beating_.join();
}

absl::Status Worker::AwaitMaster(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return accepted_ || absl::IsUnauthenticated(lost_); });
  if (accepted_) return absl::OkStatus();
  const std::string why = lost_.ok() ? "the master does not answer" : std::string(lost_.message());
  if (absl::IsUnauthenticated(lost_)) return absl::UnauthenticatedError(why);
  return absl::AbortedError(why + ", for " + std::to_string(patience.count()) +
                            " ms. Start one with millstream master, or check the URL");
}

proto::ToMaster Worker::Hello() {
  proto::ToMaster message;
  proto::WorkerHello& hello = *message.mutable_worker();
  hello.set_id(id_);
  hello.set_host(options_.host);
  hello.set_cores(options_.cores);
  hello.set_memory_bytes(options_.memory_bytes);
  std::lock_guard lock(mutex_);
  for (const auto& [key, executor] : executors_) {
    proto::RunningExecutor& running = *hello.add_executors();
    running.set_application(key.first);
    running.set_executor(key.second);
    running.set_cores(executor.cores);
    running.set_memory_bytes(executor.memory_bytes);
  }
  return message;
}

void Worker::OnMessage(const proto::FromMaster& message) {
  switch (message.kind_case()) {
    case proto::FromMaster::kAccepted:
      return OnAccepted(message.accepted());
    case proto::FromMaster::kLaunch:
      return Accept(message.launch());
    case proto::FromMaster::kKill:
      return Kill({message.kill().application(), message.kill().executor()});
    case proto::FromMaster::kLogQuery: {
      proto::ToMaster answer;
      *answer.mutable_log_answer() = ReadLogs(options_.directory, message.log_query());
      return connection_.Send(answer);
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
  base::LogInfo("accepted as " + id_);
}

void Worker::OnLost(const absl::Status& why) {
  {
    std::lock_guard lock(mutex_);
    lost_ = absl::Status(why.code(), why.message());
    if (std::exchange(connected_, false)) {
      base::LogWarning(std::string(why.message()) + "; executors go on, and the worker waits for it");
    }
  }
  changed_.notify_all();
}

void Worker::Accept(const proto::LaunchExecutor& launch) {
  {
    std::lock_guard lock(mutex_);
    const bool is_new = executors_
                            .try_emplace({launch.application(), launch.executor()},
                                         Executor{launch.cores(), launch.memory_bytes(), std::nullopt, false})
                            .second;
    if (!is_new) return;
    launches_.push_back(launch);
  }
  changed_.notify_all();
}

void Worker::Kill(const Key& key) {
  std::lock_guard lock(mutex_);
  const auto found = executors_.find(key);
  if (found == executors_.end()) return;
  found->second.killed = true;
  if (found->second.child) children_.Kill(*found->second.child);
}

void Worker::LaunchLoop() {
  RemoveOldFiles();
  std::unique_lock lock(mutex_);
  while (true) {
    if (!changed_.wait_for(lock, kCleaningInterval, [this] { return stopping_ || !launches_.empty(); })) {
      lock.unlock();
      RemoveOldFiles();
      lock.lock();
      continue;
    }
    if (stopping_) return;
    proto::LaunchExecutor launch = std::move(launches_.front());
    launches_.pop_front();
    lock.unlock();
    Launch(std::move(launch));
    lock.lock();
  }
}

void Worker::RemoveOldFiles() {
  std::set<std::string> in_use;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [key, executor] : executors_) in_use.insert(key.first);
  }
  const auto before = std::filesystem::file_time_type::clock::now() - kKept;
  RemoveOldEntries(options_.directory, "app-", in_use, before);
  programs_.RemoveOld(before);
}

void Worker::Launch(proto::LaunchExecutor launch) {
  launch.mutable_bootstrap()->set_host(options_.executors_listen.host);
  launch.mutable_bootstrap()->set_advertised_host(options_.executors_listen.advertised_host);
  const Key key{launch.application(), launch.executor()};
  const absl::StatusOr<std::string> program = programs_.Get(launch.program(), launch.bootstrap());
  if (!program.ok()) return OnEnded(key, "could not be started: " + std::string(program.status().message()));
  const absl::StatusOr<std::string> directory = MakeDirectory(launch);
  if (!directory.ok())
    return OnEnded(key, "could not be started: " + std::string(directory.status().message()));
  {
    std::lock_guard lock(mutex_);
    Executor& executor = executors_.at(key);
    if (!executor.killed) {
      executor.child = next_child_++;
      key_of_[*executor.child] = key;
      rpc::ChildProgram child{.executable = *program,
                              .directory = *directory,
                              .arguments = {launch.command_line().begin(), launch.command_line().end()}};
      children_.Spawn(*executor.child, std::move(child), std::move(*launch.mutable_bootstrap()));
      base::LogInfo(NameOf(key.first, key.second) + " starts in " + *directory);
      return;
    }
  }
  OnEnded(key, "was not wanted any more");
}

absl::StatusOr<std::string> Worker::MakeDirectory(const proto::LaunchExecutor& launch) const {
  if (!IsPlainName(launch.application()))
    return absl::InvalidArgumentError("the application has no usable id");
  const std::string of_application = options_.directory + "/" + launch.application();
  const std::string path = of_application + "/" + std::to_string(launch.executor());
  if (absl::Status made = MakeOneDirectory(of_application, false); !made.ok()) return made;
  if (absl::Status made = MakeOneDirectory(path, true); !made.ok()) return made;
  return path;
}

void Worker::OnExit(const rpc::ChildExit& end) {
  Key key;
  {
    std::lock_guard lock(mutex_);
    key = std::move(key_of_.extract(end.child).mapped());
  }
  OnEnded(key, end.how);
}

void Worker::OnEnded(const Key& key, const std::string& how) {
  proto::ToMaster message;
  message.mutable_ended()->set_application(key.first);
  message.mutable_ended()->set_executor(key.second);
  message.mutable_ended()->set_how(how);
  std::lock_guard lock(mutex_);
  executors_.erase(key);
  if (stopping_) return;
  base::LogInfo(NameOf(key.first, key.second) + " " + how);
  connection_.Send(message);
}

void Worker::BeatLoop() {
  proto::ToMaster message;
  message.mutable_heartbeat();
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, heartbeat_, [this] { return stopping_; })) {
    lock.unlock();
    connection_.Send(message);
    lock.lock();
  }
}

}  // namespace millstream::deploy
