#include "client/context/cluster_application.h"

#include <algorithm>
#include <utility>

#include "client/context/exit_report.h"
#include "client/context/process_state.h"
#include "common/base/logging.h"
#include "common/cli/errors.h"
#include "common/cli/values.h"

namespace millstream::client {
namespace {

constexpr std::chrono::seconds kPatienceAtTheEnd{2};
constexpr std::chrono::seconds kBetweenNotices{15};

}  // namespace

ClusterApplication::ClusterApplication(const security::Credentials& own, std::vector<std::string> masters,
                                       proto::ApplicationHello hello, Listener listener)
    : own_(own),
      masters_(std::move(masters)),
      hello_(std::move(hello)),
      listener_(std::move(listener)),
      connection_(own_, masters_,
                  {.hello = [this] { return Hello(); },
                   .on_message = [this](const proto::FromMaster& message) { OnMessage(message); },
                   .on_lost = [this](const absl::Status& why) { OnLost(why); }}),
      beating_([this] { BeatLoop(); }) {}

ClusterApplication::~ClusterApplication() {
  std::lock_guard lock(mutex_);
  // Of a driver on a worker, the worker will tell.
  if (!id_.empty() && hello_.driver().empty()) ReportOtherExit(own_, masters_, id_, told_exit_code_);
}

void ClusterApplication::End() {
  bool known = false;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    known = !id_.empty();
    told_exit_code_ = Process().exit_code;
  }
  changed_.notify_all();
  beating_.join();
  proto::ToMaster message;
  message.mutable_application_ended()->set_exit_code(static_cast<uint32_t>(told_exit_code_));
  connection_.End(message, known ? kPatienceAtTheEnd : std::chrono::seconds(0));
}

absl::StatusOr<int> ClusterApplication::AwaitFirstGrant(std::chrono::milliseconds reach,
                                                        std::chrono::milliseconds grant) {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  const auto answered = [this] { return !id_.empty() || killed_ || absl::IsUnauthenticated(lost_); };
  Await(lock, start + reach, answered, [] { return "no master has answered yet"; });
  if (id_.empty() && !killed_) {
    return rpc::NoAnswerError(masters_, lost_, reach);
  }
  const auto granted = [this] { return first_grant_ || killed_; };
  if (!Await(lock, start + grant, granted, [this] { return id_ + ": " + NothingGrantedText("yet"); })) {
    return absl::DeadlineExceededError(
        cli::ErrorText(id_, NothingGrantedText("in " + std::to_string(grant.count()) + " ms"),
                       "Ask for less (millstream.executor.cores, millstream.executor.memory), "
                       "wait longer (millstream.cluster.waitTimeout), or add workers"));
  }
  if (killed_) return absl::CancelledError(*killed_);
  return *first_grant_;
}

std::string ClusterApplication::NothingGrantedText(const std::string& when) const {
  const auto size = [](uint64_t bytes) { return cli::FormatSize(static_cast<int64_t>(bytes)); };
  const proto::ExecutorRequest& asked = hello_.request();
  const std::string cores =
      asked.executor_cores() == 0 ? "" : cli::Counted(asked.executor_cores(), "core") + " and ";
  std::string text = "no executor of " + cores + size(asked.executor_memory_bytes()) + " was granted " + when;
  if (!nothing_granted_) return text;
  const proto::NothingGranted& there = *nothing_granted_;
  if (there.workers() == 0) return text + ": there are no workers";
  if (there.fits()) {
    return text + ": others use what it needs; no worker has more than " +
           cli::Counted(there.free_cores(), "core") + " and " + size(there.free_memory_bytes()) + " free now";
  }
  if (asked.total_cores() > 0 && asked.total_cores() < asked.executor_cores()) {
    return text + ": it may have " + cli::Counted(asked.total_cores(), "core") +
           " in all (millstream.cores.max)";
  }
  return text + ": the largest of " + cli::Counted(there.workers(), "worker") + " has " +
         cli::Counted(there.cores(), "core") + " and " + size(there.memory_bytes()) +
         (hello_.driver().empty() ? "" : " beside its driver");
}

bool ClusterApplication::Await(std::unique_lock<std::mutex>& lock,
                               std::chrono::steady_clock::time_point until, const std::function<bool()>& done,
                               const std::function<std::string()>& what) {
  for (;;) {
    const auto next = std::min(until, std::chrono::steady_clock::now() + kBetweenNotices);
    if (changed_.wait_until(lock, next, done)) return true;
    if (std::chrono::steady_clock::now() >= until) return false;
    base::LogWarning(what());
  }
}

void ClusterApplication::Launch(ExecutorId executor, proto::LaunchExecutor launch) {
  proto::ToMaster message;
  {
    std::lock_guard lock(mutex_);
    const auto found = executors_.find(executor);
    if (found == executors_.end()) return;
    launch.set_application(id_);
    launch.set_executor(Number(executor));
    launch.set_cores(found->second);
    launch.set_memory_bytes(hello_.request().executor_memory_bytes());
    launch.mutable_bootstrap()->set_cores(found->second);
  }
  *message.mutable_launch() = std::move(launch);
  connection_.Send(message);
}

void ClusterApplication::Drop(ExecutorId executor, const std::string& why) {
  proto::ToMaster message;
  {
    std::lock_guard lock(mutex_);
    if (executors_.erase(executor) == 0) return;
    message.mutable_ended()->set_application(id_);
  }
  message.mutable_ended()->set_executor(Number(executor));
  message.mutable_ended()->set_how(why);
  connection_.Send(message);
}

proto::ToMaster ClusterApplication::Hello() {
  proto::ToMaster message;
  proto::ApplicationHello& hello = *message.mutable_application();
  hello = hello_;
  std::lock_guard lock(mutex_);
  hello.set_id(id_);
  for (const auto& [executor, cores] : executors_) hello.add_executors(Number(executor));
  hello.set_next_executor(next_executor_);
  return message;
}

void ClusterApplication::OnMessage(const proto::FromMaster& message) {
  switch (message.kind_case()) {
    case proto::FromMaster::kAccepted: {
      std::lock_guard lock(mutex_);
      const bool is_back = !id_.empty();
      id_ = message.accepted().id();
      connected_ = true;
      heartbeat_ = std::chrono::milliseconds(std::max(1u, message.accepted().heartbeat_ms()));
      changed_.notify_all();
      return base::LogInfo(is_back ? "the master is back: it knows " + id_ : "the application is " + id_);
    }
    case proto::FromMaster::kGranted:
      return OnGranted(message.granted());
    case proto::FromMaster::kNothingGranted: {
      std::lock_guard lock(mutex_);
      nothing_granted_ = message.nothing_granted();
      return;
    }
    case proto::FromMaster::kEnded: {
      const ExecutorId executor{message.ended().executor()};
      bool is_news = false;
      {
        std::lock_guard lock(mutex_);
        is_news = executors_.erase(executor) > 0;
      }
      if (is_news) return listener_.on_ended(executor, message.ended().how());
      return base::LogInfo("executor " + std::to_string(Number(executor)) + ", which is not in use, " +
                           message.ended().how());
    }
    case proto::FromMaster::kKilled: {
      {
        std::lock_guard lock(mutex_);
        if (stopping_) return;
        killed_ = message.killed().reason();
        changed_.notify_all();
      }
      return listener_.on_killed(message.killed().reason());
    }
    default:
      return;
  }
}

void ClusterApplication::OnGranted(const proto::ExecutorsGranted& granted) {
  int cores = 0;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    for (const proto::ExecutorsGranted::Executor& executor : granted.executors()) {
      executors_[ExecutorId{executor.executor()}] = executor.cores();
      next_executor_ = std::max(next_executor_, executor.executor() + 1);
      cores += static_cast<int>(executor.cores());
    }
  }
  for (const proto::ExecutorsGranted::Executor& executor : granted.executors()) {
    base::LogInfo("executor " + std::to_string(executor.executor()) + " with " +
                  cli::Counted(executor.cores(), "core") + " is granted on " + executor.worker());
    listener_.on_granted(ExecutorId{executor.executor()});
  }
  std::lock_guard lock(mutex_);
  if (!first_grant_) first_grant_ = cores;
  changed_.notify_all();
}

void ClusterApplication::BeatLoop() {
  proto::ToMaster message;
  message.mutable_heartbeat();
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, heartbeat_, [this] { return stopping_; })) {
    lock.unlock();
    connection_.Send(message);
    lock.lock();
  }
}

void ClusterApplication::OnLost(const absl::Status& why) {
  std::lock_guard lock(mutex_);
  lost_ = absl::Status(why.code(), why.message());
  nothing_granted_.reset();
  if (std::exchange(connected_, false) && !stopping_) {
    base::LogWarning(std::string(why.message()) + "; the application goes on, and waits for it");
  }
  changed_.notify_all();
}

}  // namespace millstream::client
