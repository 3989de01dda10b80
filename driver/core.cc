#include "driver/core.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"

namespace millstream::driver {
namespace {

constexpr uint64_t kLargestTable = uint64_t{64} << 20;
constexpr std::chrono::seconds kBetweenNotices{15};
constexpr uint64_t kSmallestTable = uint64_t{1} << 20;

JobSchedulerOptions SchedulerOptions(const DriverOptions& options) {
  JobSchedulerOptions scheduler;
  scheduler.max_task_failures = options.max_task_failures;
  scheduler.max_stage_attempts = options.max_stage_attempts;
  const uint64_t share =
      options.executor_memory_bytes / (4 * static_cast<uint64_t>(std::max(1, options.cores_per_executor)));
  scheduler.table_bytes = std::clamp(share, kSmallestTable, kLargestTable);
  return scheduler;
}

}  // namespace

class Driver::Core::NodeToken {
 public:
  NodeToken(uint64_t node, std::shared_ptr<Mailbox> mailbox, Core* core)
      : node_(node), mailbox_(std::move(mailbox)), core_(core) {}
  ~NodeToken() {
    mailbox_->Post([core = core_, node = node_] { core->HandleJobs(NodeUnused{node}); });
  }
  NodeToken(const NodeToken&) = delete;
  NodeToken& operator=(const NodeToken&) = delete;

 private:
  const uint64_t node_;
  const std::shared_ptr<Mailbox> mailbox_;
  Core* const core_;  // lives as long as the mailbox is open
};

Driver::Core::Core(DriverOptions options, rpc::DriverEndpoint& endpoint, ExecutorLauncher& launcher,
                   rpc::BlockTransport& blocks)
    : options_(std::move(options)),
      endpoint_(endpoint),
      launcher_(launcher),
      blocks_(blocks),
      mailbox_(std::make_shared<Mailbox>([&endpoint] { endpoint.Wake(); })),
      jobs_(SchedulerOptions(options_)) {
  endpoint_.Listen({
      .on_message = [this](
                        ExecutorId executor,
                        std::shared_ptr<const proto::FromExecutor> message) { OnMessage(executor, message); },
      .on_closed = [this](ExecutorId executor, const std::string& reason) { OnClosed(executor, reason); },
      .arrived = [this] { TakeArrived(); },
  });
}

Driver::Core::~Core() { Stop(); }

absl::Status Driver::Core::Start(std::chrono::milliseconds timeout) {
  base::InitLogging();
  loop_ = std::thread([this] { Loop(); });
  mailbox_->Post([this] {
    for (int i = 0; i < options_.executors; ++i) LaunchExecutor();
  });
  std::unique_lock lock(mutex_);
  const bool settled = changed_.wait_for(
      lock, timeout, [this] { return joined_ >= options_.executors || failure_ || stopped_; });
  if (failure_) return OwnCopy(*failure_);
  if (stopped_) return absl::CancelledError("the driver was stopped");
  if (settled) return absl::OkStatus();
  return absl::DeadlineExceededError(std::to_string(joined_) + " of " + std::to_string(options_.executors) +
                                     " executors started in " + std::to_string(timeout.count()) + " ms");
}

absl::Status Driver::Core::AwaitCores(int cores, std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  std::unique_lock lock(mutex_);
  const auto over = [&] { return joined_cores_ >= cores || failure_ || stopped_; };
  Time next = std::min(until, until - timeout + kBetweenNotices);
  bool settled = changed_.wait_until(lock, next, over);
  while (!settled && next < until) {
    base::LogWarning("waiting for cores: " + std::to_string(joined_cores_) + " of " + std::to_string(cores) +
                     " are there yet; millstream list tells what others use");
    next = std::min(until, next + kBetweenNotices);
    settled = changed_.wait_until(lock, next, over);
  }
  if (failure_) return OwnCopy(*failure_);
  if (stopped_) return absl::CancelledError("the driver was stopped");
  if (settled) return absl::OkStatus();
  return absl::DeadlineExceededError("executors: " + std::to_string(joined_cores_) + " of " +
                                     std::to_string(cores) + " cores were granted in " +
                                     std::to_string(timeout.count()) +
                                     " ms. millstream list tells what others use. Ask for less, wait longer, "
                                     "or add workers");
}

int Driver::Core::total_cores() const {
  if (options_.executors > 0) return options_.executors * options_.cores_per_executor;
  std::lock_guard lock(mutex_);
  return peak_cores_;
}

void Driver::Core::Stop() {
  {
    std::lock_guard lock(mutex_);
    if (stopped_ || !loop_.joinable()) return;
  }
  (void)StopStreaming(false);
  // A function of the user cannot wait for its own end; whoever owns the driver ends it.
  if (std::this_thread::get_id() == user_thread_) return;
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
  }
  changed_.notify_all();
  mailbox_->Post([this] { ending_ = true; });
  loop_.join();
  streaming_.reset();
}

void Driver::Core::Unpersist(const plan::Node& node) {
  mailbox_->Post([this, id = node.id] { HandleJobs(RddUnpersisted{id}); });
}

void Driver::Core::Loop() {
  std::unique_lock turn(turn_);
  while (!ending_) {
    RunPosted();
    CheckSilence(std::chrono::steady_clock::now());
    if (streaming_ != nullptr) {
      const std::optional<int64_t> tick = streaming_->batches().NextTickMs();
      if (const int64_t now = streaming_->NowMs(); tick && *tick <= now) HandleStreaming(TimePassed{now});
      if (streaming_->IsStopOverdue()) HandleStreaming(ReceiversOverdue{});
    }
    Flush();
    if (ending_) break;
    sleeps_until_ = NextDeadline();
    endpoint_.Wait(turn, sleeps_until_);
    if (sleeps_until_) ForgiveIfStalled(*sleeps_until_);
  }
  EndLoop();
  endpoint_.Wait(turn, std::chrono::steady_clock::now());
}

void Driver::Core::RunPosted() {
  for (const Mailbox::Task& task : mailbox_->Drain()) task();
}

bool Driver::Core::Run(Mailbox::Task task) {
  {
    const std::unique_lock turn(turn_, std::try_to_lock);
    if (!turn.owns_lock() || ended_ || !mailbox_->IsEmpty()) return mailbox_->Post(std::move(task));
    task();
    EndBorrowedTurn();
  }
  TakeArrived();
  return true;
}

void Driver::Core::TakeArrived() {
  while (endpoint_.HasArrived()) {
    const std::unique_lock turn(turn_, std::try_to_lock);
    if (!turn.owns_lock() || ended_) return;
    endpoint_.Deliver();
    EndBorrowedTurn();
  }
}

void Driver::Core::EndBorrowedTurn() {
  Flush();
  // What is due at the same time as before is computed anew to within less.
  constexpr std::chrono::milliseconds kNotice{1};
  const std::optional<Time> next = NextDeadline();
  if (next && (!sleeps_until_ || *next + kNotice < *sleeps_until_)) endpoint_.Wake();
}

void Driver::Core::EndLoop() {
  ended_ = true;
  for (const Mailbox::Task& task : mailbox_->Close()) task();
  CancelJobs(absl::CancelledError("the driver was stopped"), /*of_batches_only=*/false);
  for (const auto& [executor, state] : executors_) {
    proto::ToExecutor::Command command;
    command.mutable_shutdown();
    Send(executor, std::move(command));
  }
  Flush();
  executors_.clear();
}

std::optional<Driver::Core::Time> Driver::Core::NextDeadline() const {
  std::optional<Time> deadline;
  const auto sooner = [&](Time at) {
    if (!deadline || at < *deadline) deadline = at;
  };
  for (const auto& [id, executor] : executors_) {
    sooner(executor.closed_until.value_or(executor.heard + PatienceWith(executor)));
  }
  if (streaming_ != nullptr) {
    if (const std::optional<Time> at = streaming_->NextDeadline()) sooner(*at);
  }
  return deadline;
}

void Driver::Core::Send(ExecutorId executor, proto::ToExecutor::Command command) {
  std::shared_ptr<proto::ToExecutor>& message = outbox_[executor];
  if (message == nullptr) message = std::make_shared<proto::ToExecutor>();
  *message->add_commands() = std::move(command);
}

void Driver::Core::Flush() {
  // Sending may call back into the executor, never into the loop.
  for (auto& [executor, message] : std::exchange(outbox_, {})) endpoint_.Send(executor, std::move(message));
}

void Driver::Core::HandleJobs(const JobEvent& event) {
  std::vector<JobCommand> commands;
  jobs_.Handle(event, commands);
  for (JobCommand& command : commands) {
    std::visit([this](auto& c) { Obey(c); }, command);
  }
}

void Driver::Core::Obey(SendCommand& command) { Send(command.executor, std::move(command.command)); }

void Driver::Core::Obey(TieResources& command) {
  if (command.node->resources != nullptr) return;
  command.node->resources = std::make_shared<NodeToken>(command.node->id, mailbox_, this);
}

}  // namespace millstream::driver
