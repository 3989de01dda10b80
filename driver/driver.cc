#include "driver/driver.h"

#include <algorithm>
#include <utility>

#include "common/cli/values.h"
#include "driver/core.h"

namespace millstream::driver {

Driver::Driver(DriverOptions options, rpc::DriverEndpoint& endpoint, ExecutorLauncher& launcher,
               rpc::BlockTransport& blocks)
    : core_(std::make_unique<Core>(std::move(options), endpoint, launcher, blocks)) {}

Driver::~Driver() = default;

absl::Status Driver::Start(std::chrono::milliseconds timeout) { return core_->Start(timeout); }

void Driver::OnExecutorExited(ExecutorId executor, const std::string& how) {
  core_->OnExecutorExited(executor, how);
}

void Driver::OnExecutorGranted(ExecutorId executor) { core_->OnExecutorGranted(executor); }

absl::Status Driver::AwaitCores(int cores, std::chrono::milliseconds timeout) {
  return core_->AwaitCores(cores, timeout);
}

void Driver::Fail(absl::Status status) { core_->FailFromOutside(std::move(status)); }

rpc::BlockSource& Driver::collections() { return core_->collections(); }

absl::StatusOr<JobResult> Driver::RunJob(JobRequest request) { return core_->RunJob(std::move(request)); }

void Driver::Unpersist(const plan::Node& node) { core_->Unpersist(node); }

int Driver::total_cores() const { return core_->total_cores(); }

int Driver::PartitionsPerReceiver(const StreamingRequest& request) {
  const int64_t block_ms = std::max<int64_t>(1, request.block_interval.count());
  return static_cast<int>(std::max<int64_t>(1, (request.interval.count() + block_ms - 1) / block_ms));
}

absl::Status Driver::StartStreaming(StreamingRequest request) {
  const int receivers = static_cast<int>(request.receivers.size());
  const DriverOptions& options = core_->options();
  const int cores = options.executors > 0 ? total_cores() : options.most_cores;
  if (receivers > 0 && cores > 0 && cores <= receivers) {
    return absl::ResourceExhaustedError(
        "the application has " + cli::Counted(static_cast<uint64_t>(cores), "core") + ", but " +
        std::to_string(receivers) + (receivers == 1 ? " receiver holds one" : " receivers hold one each") +
        " and tasks need one more: it needs " + std::to_string(receivers + 1) +
        " cores. Start it with --master 'local[" + std::to_string(receivers + 1) +
        "]', or on a cluster with --total-executor-cores " + std::to_string(receivers + 1) + " at least");
  }
  if (options.executors == 0) {
    absl::Status granted = core_->AwaitCores(receivers + 1, options.grant_timeout);
    if (!granted.ok()) return granted;
  }
  return core_->StartStreaming(std::move(request));
}

absl::Status Driver::StopStreaming(bool graceful) { return core_->StopStreaming(graceful); }

std::optional<absl::Status> Driver::AwaitStreaming(std::optional<std::chrono::milliseconds> timeout) {
  return core_->AwaitStreaming(timeout);
}

void Driver::Stop() { core_->Stop(); }

}  // namespace millstream::driver
