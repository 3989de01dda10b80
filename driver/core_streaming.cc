// How batches are started, run and stopped.
#include <future>
#include <utility>

#include "common/base/logging.h"
#include "driver/core.h"

namespace millstream::driver {

absl::Status Driver::Core::StartStreaming(StreamingRequest request) {
  if (request.interval.count() <= 0) return absl::InvalidArgumentError("the batch interval must be positive");
  {
    std::lock_guard lock(mutex_);
    if (failure_) return OwnCopy(*failure_);
    if (streaming_started_ && !streaming_result_) return absl::FailedPreconditionError("batches run already");
    streaming_started_ = true;
    streaming_result_.reset();
  }
  // Returns when the schedule has begun: a manual clock may move right after.
  std::promise<void> begun;
  const bool posted = mailbox_->Post([this, &begun, &request] {
    batches_cancelled_ = false;
    streaming_ = std::make_unique<StreamingRun>(
        request, mailbox_,
        [this](const BatchEnded& event) {
          Run([this, event] {
            if (event.status.ok()) base::LogInfo(streaming_->DescribeEnd(event.batch));
            HandleStreaming(event);
          });
        },
        [this] { HandleStreaming(TimePassed{streaming_->NowMs()}); });
    user_thread_ = streaming_->user_thread();
    for (const auto& [executor, state] : executors_) {
      if (state.joined) HandleStreaming(ExecutorJoined{executor, state.cores, state.host});
    }
    HandleStreaming(StreamingStarted{streaming_->NowMs()});
    begun.set_value();
  });
  if (!posted) return absl::CancelledError("the driver was stopped");
  begun.get_future().wait();
  return absl::OkStatus();
}

absl::Status Driver::Core::StopStreaming(bool graceful) {
  {
    std::lock_guard lock(mutex_);
    if (!streaming_started_) return absl::OkStatus();
    if (streaming_result_) return OwnCopy(*streaming_result_);
  }
  const bool posted = mailbox_->Post([this, graceful] {
    if (streaming_ == nullptr) return;
    if (graceful) streaming_->BoundStop();
    HandleStreaming(StopRequested{graceful});
  });
  // A function of the user cannot wait for its own batch.
  if (!posted || std::this_thread::get_id() == user_thread_) return absl::OkStatus();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return streaming_result_ || stopped_; });
  return OwnCopy(streaming_result_.value_or(absl::CancelledError("the driver was stopped")));
}

std::optional<absl::Status> Driver::Core::AwaitStreaming(std::optional<std::chrono::milliseconds> timeout) {
  std::unique_lock lock(mutex_);
  if (!streaming_started_) return absl::OkStatus();
  const auto over = [this] { return streaming_result_ || stopped_; };
  if (!timeout) {
    changed_.wait(lock, over);
  } else if (!changed_.wait_for(lock, *timeout, over)) {
    return std::nullopt;
  }
  return OwnCopy(streaming_result_.value_or(absl::CancelledError("the driver was stopped")));
}

void Driver::Core::HandleStreaming(const BatchEvent& event) {
  if (streaming_ == nullptr) return;
  std::vector<BatchCommand> commands;
  streaming_->batches().Handle(event, commands);
  for (BatchCommand& command : commands) {
    std::visit([this](auto& c) { Obey(c); }, command);
  }
}

void Driver::Core::Obey(CoresReserved& command) { HandleJobs(command); }

void Driver::Core::Obey(BlockMoved& command) { HandleJobs(command); }

void Driver::Core::Obey(RunBatch& command) { streaming_->Run(std::move(command.batch)); }

void Driver::Core::Obey(CancelBatches&) {
  batches_cancelled_ = true;
  CancelJobs(absl::CancelledError("the batch was stopped"), /*of_batches_only=*/true);
}

void Driver::Core::Obey(LogLine& command) {
  if (command.warning) {
    base::LogWarning(command.text);
  } else {
    base::LogInfo(command.text);
  }
}

void Driver::Core::Obey(StreamingEnded& command) { EndStreaming(command.status); }

void Driver::Core::EndStreaming(const absl::Status& status) {
  {
    std::lock_guard lock(mutex_);
    if (!streaming_started_ || streaming_result_) return;
    streaming_result_ = OwnCopy(status);
  }
  changed_.notify_all();
}

}  // namespace millstream::driver
