#include "executor/executor.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/plan/block_messages.h"
#include "executor/executor_core.h"
#include "executor/tasks/task.h"

namespace millstream::executor {
namespace {

constexpr size_t kFetchThreads = 16;

// Free slabs that are kept for reuse: not worth counting, but worth not asking the system for.
size_t RetainedBytes(size_t memory_bytes) { return std::min(memory_bytes / 8, size_t{128} << 20); }

}  // namespace

Executor::Core::Core(ExecutorOptions options, rpc::BlockTransport& transport, Send send,
                     std::unique_ptr<SpillDirectory> directory)
    : options_(std::move(options)),
      transport_(transport),
      directory_(std::move(directory)),
      spill_(directory_->path()),
      blocks_(std::make_unique<BlockStore>(std::make_shared<MemoryAccountant>(options_.memory_bytes),
                                           std::make_shared<SlabPool>(RetainedBytes(options_.memory_bytes)),
                                           directory_->path())),
      outbox_(std::move(send)),
      fetchers_(kFetchThreads),
      parts_{options_.id,
             options_.data_address.empty(),
             options_.test_chunks,
             blocks_.get(),
             &spill_,
             &transport_,
             &fetchers_},
      slots_(options_.cores,
             [this](const LaunchRun& launch, int partition, int attempt, const std::function<bool()>& more) {
               Run(launch, partition, attempt, more);
             }),
      receivers_(parts_, outbox_, slots_) {}

void Executor::Core::Start() {
  auto message = std::make_shared<proto::FromExecutor>();
  proto::Hello* hello = message->mutable_hello();
  hello->set_executor(Number(options_.id));
  hello->set_cores(static_cast<uint32_t>(options_.cores));
  hello->set_memory_bytes(options_.memory_bytes);
  hello->set_data_address(options_.data_address);
  hello->set_build_id(options_.build_id);
  hello->set_pid(static_cast<uint32_t>(getpid()));
  outbox_.Post(std::move(message));
}

void Executor::Core::Handle(const std::shared_ptr<const proto::ToExecutor>& message) {
  using Command = proto::ToExecutor::Command;
  for (const Command& command : message->commands()) {
    switch (command.kind_case()) {
      case Command::kWelcome:
        outbox_.SetHeartbeat(std::chrono::milliseconds(command.welcome().heartbeat_ms()));
        break;
      case Command::kInstall:
        Install(command.install());
        break;
      case Command::kLaunch:
        Launch(message, command.launch());
        break;
      case Command::kCancel:
        slots_.Cancel(command.cancel().stage_run());
        break;
      case Command::kDrop:
        Drop(command.drop());
        break;
      case Command::kStartReceiver:
        receivers_.Start(command.start_receiver());
        break;
      case Command::kReceiverPeers:
        receivers_.SetPeers(command.receiver_peers());
        break;
      case Command::kReceiverStored:
        receivers_.Answer(command.receiver_stored());
        break;
      case Command::kStopReceiver:
        receivers_.StopOne(command.stop_receiver().stream(), command.stop_receiver().epoch());
        break;
      case Command::kReplicate:
        Replicate(command.replicate());
        break;
      case Command::kPeer:
        transport_.SetPeer(ExecutorId{command.peer().executor()}, command.peer().address());
        break;
      case Command::kShutdown:
        receivers_.RequestStop();
        break;
      case Command::KIND_NOT_SET:
        break;
    }
  }
}

void Executor::Core::Install(const proto::InstallPlan& install) {
  plans_.insert_or_assign(install.id(), PreparedPlan::Create(install.plan()));
}

void Executor::Core::Launch(const std::shared_ptr<const proto::ToExecutor>& message,
                            const proto::Launch& launch) {
  const auto plan = plans_.find(launch.plan());
  auto run = std::make_shared<LaunchRun>(
      message, launch,
      plan != plans_.end() ? plan->second : absl::InternalError("the plan of the stage was not installed"));
  run->StartFetches(parts_);
  slots_.Submit(std::move(run));
}

void Executor::Core::Run(const LaunchRun& launch, int partition, int attempt,
                         const std::function<bool()>& more) {
  proto::TaskStatus status;
  RunTask(parts_, launch, partition, attempt, status);
  outbox_.Add(std::move(status), more());
}

void Executor::Core::Drop(const proto::Drop& drop) {
  for (const uint64_t shuffle : drop.shuffles()) blocks_->DropShuffle(shuffle);
  for (const uint64_t rdd : drop.rdds()) blocks_->DropRdd(rdd);
  for (const proto::BlockId& id : drop.blocks()) blocks_->Drop(plan::FromProto(id));
  for (const uint64_t stage_run : drop.stage_runs()) blocks_->DropResults(stage_run);
  for (const std::string& id : drop.plans()) plans_.erase(id);
}

void Executor::Core::Replicate(const proto::Replicate& replicate) {
  fetchers_.Run([this, command = replicate] {
    const plan::BlockId id = plan::FromProto(command.block());
    const absl::StatusOr<exec::Slices> slices = blocks_->Get(id);
    const bool ok = slices.ok() && transport_.Put(ExecutorId{command.to()}, id, *slices).ok();
    auto message = std::make_shared<proto::FromExecutor>();
    proto::Replicated* replicated = message->add_replicated();
    *replicated->mutable_block() = command.block();
    replicated->set_to(command.to());
    replicated->set_ok(ok);
    outbox_.Post(std::move(message));
  });
}

void Executor::Core::Stop() {
  std::lock_guard lock(stop_mutex_);
  if (stopped_) return;
  stopped_ = true;
  receivers_.Stop();
  slots_.Stop();
  fetchers_.Stop();
  outbox_.Stop();
  directory_.reset();
}

Executor::Executor(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Executor::~Executor() = default;

absl::StatusOr<std::unique_ptr<Executor>> Executor::Create(ExecutorOptions options,
                                                           rpc::BlockTransport& transport, Send send) {
  if (options.cores < 1) return absl::InvalidArgumentError("an executor needs at least one core");
  absl::StatusOr<std::unique_ptr<SpillDirectory>> directory = SpillDirectory::Create(options.local_dir);
  if (!directory.ok()) return directory.status();
  auto core = std::make_unique<Core>(std::move(options), transport, std::move(send), *std::move(directory));
  return std::unique_ptr<Executor>(new Executor(std::move(core)));
}

void Executor::Start() { core_->Start(); }
void Executor::Handle(std::shared_ptr<const proto::ToExecutor> message) { core_->Handle(message); }
rpc::BlockSource& Executor::blocks() { return core_->blocks(); }
void Executor::Stop() { core_->Stop(); }

}  // namespace millstream::executor
