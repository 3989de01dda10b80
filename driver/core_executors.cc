// How executors come, are heard of, and go.
#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/plan/block_messages.h"
#include "common/plan/kernel_refs.h"
#include "driver/core.h"

namespace millstream::driver {
namespace {

// After its stream, the end of a process is noticed within this time; it says more.
constexpr std::chrono::milliseconds kExitNoticeTime{200};
constexpr int kFailedStarts = 10;

plan::BlockLocation LocationOf(const proto::BlockLocation& block) {
  plan::BlockLocation location{plan::FromProto(block.id()), block.bytes(), {}};
  for (const uint32_t peer : block.peers()) location.peers.push_back(ExecutorId{peer});
  return location;
}

ReceiverReported::Kind KindOf(proto::ReceiverEvent::Kind kind) {
  switch (kind) {
    case proto::ReceiverEvent::STARTED:
      return ReceiverReported::Kind::kStarted;
    case proto::ReceiverEvent::CONNECTED:
      return ReceiverReported::Kind::kConnected;
    case proto::ReceiverEvent::STOPPED:
      return ReceiverReported::Kind::kStopped;
    case proto::ReceiverEvent::NOTE:
      return ReceiverReported::Kind::kNote;
    case proto::ReceiverEvent::STORED:
      return ReceiverReported::Kind::kStored;
    default:
      return ReceiverReported::Kind::kError;
  }
}

std::string NameOf(ExecutorId executor) { return "executor " + std::to_string(Number(executor)); }

}  // namespace

void Driver::Core::OnExecutorExited(ExecutorId executor, const std::string& how) {
  mailbox_->Post([this, executor, how] { Lose(executor, how); });
}

void Driver::Core::OnExecutorGranted(ExecutorId executor) {
  mailbox_->Post([this, executor] { LaunchExecutor(executor); });
}

void Driver::Core::FailFromOutside(absl::Status status) {
  mailbox_->Post([this, status = std::move(status)] { Fail(OwnCopy(status)); });
}

void Driver::Core::LaunchExecutor() { LaunchExecutor(ExecutorId{next_executor_++}); }

void Driver::Core::LaunchExecutor(ExecutorId executor) {
  executors_[executor].heard = std::chrono::steady_clock::now();
  launcher_.Launch(executor);
}

void Driver::Core::OnMessage(ExecutorId executor, const std::shared_ptr<const proto::FromExecutor>& message) {
  const auto found = executors_.find(executor);
  if (found == executors_.end()) return endpoint_.Disconnect(executor);
  found->second.heard = std::chrono::steady_clock::now();
  if (message->has_hello() && !found->second.joined) OnHello(executor, message->hello());
  if (message->statuses_size() > 0) HandleJobs(StatusesArrived{executor, message});
  for (const proto::ReceivedBlock& block : message->blocks()) {
    HandleStreaming(BlockReported{executor, block.epoch(), LocationOf(block.block())});
  }
  for (const proto::ReceiverEvent& event : message->receivers()) {
    HandleStreaming(ReceiverReported{StreamId{event.stream()}, event.epoch(), KindOf(event.kind()),
                                     event.message(), executor});
  }
  for (const proto::Replicated& copy : message->replicated()) {
    HandleStreaming(BlockReplicated{plan::FromProto(copy.block()), ExecutorId{copy.to()}, copy.ok()});
  }
}

void Driver::Core::OnHello(ExecutorId executor, const proto::Hello& hello) {
  if (!options_.build_id.empty() && hello.build_id() != options_.build_id) {
    const std::string text = NameOf(executor) + " runs build " + plan::HexText(hello.build_id()) +
                             ", the driver build " + plan::HexText(options_.build_id) +
                             "; start both from the same file";
    base::LogError(text);
    Fail(absl::FailedPreconditionError(text));
    endpoint_.Disconnect(executor);
    launcher_.Kill(executor);
    executors_.erase(executor);
    return;
  }
  Introduce(executor, hello);
  failed_starts_ = 0;
  Executor& state = executors_.at(executor);
  state.joined = true;
  state.address = hello.data_address();
  state.host = state.address.substr(0, state.address.rfind(':'));
  state.cores = static_cast<int>(std::max(1u, hello.cores()));
  const ExecutorJoined event{executor, state.cores, state.host};
  HandleJobs(event);
  HandleStreaming(event);
  {
    std::lock_guard lock(mutex_);
    ++joined_;
    joined_cores_ += state.cores;
    peak_cores_ = std::max(peak_cores_, joined_cores_);
  }
  changed_.notify_all();
}

void Driver::Core::Introduce(ExecutorId executor, const proto::Hello& hello) {
  blocks_.SetPeer(executor, hello.data_address());
  const auto tell = [this](ExecutorId whom, ExecutorId peer, const std::string& address) {
    proto::ToExecutor::Command command;
    command.mutable_peer()->set_executor(Number(peer));
    command.mutable_peer()->set_address(address);
    Send(whom, std::move(command));
  };
  proto::ToExecutor::Command welcome;
  welcome.mutable_welcome()->set_heartbeat_ms(
      static_cast<uint32_t>(std::max<int64_t>(1, options_.network_timeout.count() / 4)));
  Send(executor, std::move(welcome));
  for (const auto& [other, state] : executors_) {
    if (!state.joined) continue;
    tell(executor, other, state.address);
    tell(other, executor, hello.data_address());
  }
}

void Driver::Core::OnClosed(ExecutorId executor, const std::string& reason) {
  const auto found = executors_.find(executor);
  if (found == executors_.end() || found->second.closed_until) return;
  found->second.closed_until = std::chrono::steady_clock::now() + kExitNoticeTime;
  found->second.closed_reason = "is gone (" + reason + ", and nobody has told why yet)";
}

std::chrono::milliseconds Driver::Core::PatienceWith(const Executor& executor) const {
  return executor.joined ? options_.network_timeout
                         : std::max(options_.start_timeout, options_.network_timeout);
}

void Driver::Core::CheckSilence(Time now) {
  std::vector<std::pair<ExecutorId, std::string>> lost;
  for (auto& [id, executor] : executors_) {
    if (executor.closed_until) {
      if (now >= *executor.closed_until) lost.emplace_back(id, executor.closed_reason);
    } else if (const auto patience = PatienceWith(executor); now >= executor.heard + patience) {
      lost.emplace_back(id, (executor.joined ? "was silent for " : "did not start in ") +
                                std::to_string(patience.count()) + " ms");
    }
  }
  for (const auto& [executor, reason] : lost) Lose(executor, reason);
}

void Driver::Core::ForgiveIfStalled(Time woken_by) {
  const Time now = std::chrono::steady_clock::now();
  if (now < woken_by + options_.network_timeout / 4) return;
  for (auto& [id, executor] : executors_) executor.heard = now;
}

void Driver::Core::Lose(ExecutorId executor, const std::string& reason) {
  auto node = executors_.extract(executor);
  if (node.empty()) return;
  endpoint_.Disconnect(executor);
  outbox_.erase(executor);
  launcher_.Kill(executor);
  blocks_.SetPeer(executor, "");
  for (const auto& [other, state] : executors_) {
    if (!state.joined) continue;
    proto::ToExecutor::Command command;
    command.mutable_peer()->set_executor(Number(executor));
    Send(other, std::move(command));
  }
  if (!node.mapped().joined && ++failed_starts_ >= kFailedStarts) {
    return Fail(
        absl::InternalError("executors end before they start; last: " + NameOf(executor) + " " + reason));
  }
  base::LogWarning(NameOf(executor) + " is lost; its work moves, another one starts: " + reason);
  if (options_.executors > 0) LaunchExecutor();
  if (!node.mapped().joined) return;
  {
    std::lock_guard lock(mutex_);
    --joined_;
    joined_cores_ -= node.mapped().cores;
  }
  const ExecutorLost event{executor, reason};
  // Where blocks are now, before tasks look for them.
  HandleStreaming(event);
  HandleJobs(event);
}

void Driver::Core::Fail(absl::Status status) {
  {
    std::lock_guard lock(mutex_);
    if (!failure_) failure_ = OwnCopy(status);
  }
  changed_.notify_all();
  CancelJobs(status, /*of_batches_only=*/false);
  EndStreaming(status);
}

}  // namespace millstream::driver
