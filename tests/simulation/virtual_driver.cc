#include "tests/simulation/virtual_driver.h"

#include <time.h>

#include <algorithm>
#include <set>
#include <utility>

#include "common/plan/block_messages.h"

namespace millstream::simulation {
namespace {

constexpr int64_t kEpochMs = 1'700'000'000'000;
constexpr int64_t kNetworkTimeoutUs = 10'000'000;
constexpr int64_t kExitNoticeUs = 200'000;
constexpr int64_t kSilenceCheckUs = 250'000;
constexpr int64_t kMostUserThreadUs = 500;
constexpr int64_t kMostReadUs = 2'000;

// The limits on retries are out of the way: whatever happens in a simulation has to be survived.
constexpr int kNoLimit = 1'000'000;

// Of this thread. Cheap enough to be asked before and after every call of a machine.
int64_t CpuNs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

plan::BlockLocation LocationOf(const proto::BlockLocation& block) {
  plan::BlockLocation location{plan::FromProto(block.id()), block.bytes(), {}};
  for (const uint32_t peer : block.peers()) location.peers.push_back(ExecutorId{peer});
  return location;
}

}  // namespace

// Tells the driver when a node ends, as the token of Core does.
class VirtualDriver::NodeToken {
 public:
  NodeToken(uint64_t node, std::shared_ptr<std::vector<uint64_t>> unused)
      : node_(node), unused_(std::move(unused)) {}
  ~NodeToken() { unused_->push_back(node_); }
  NodeToken(const NodeToken&) = delete;
  NodeToken& operator=(const NodeToken&) = delete;

 private:
  const uint64_t node_;
  const std::shared_ptr<std::vector<uint64_t>> unused_;
};

VirtualDriver::VirtualDriver(World& world, Cluster& cluster, int executors,
                             const plan::StreamingRequest& request, RunBatch run_batch)
    : world_(world),
      cluster_(cluster),
      wanted_executors_(executors),
      run_batch_(std::move(run_batch)),
      jobs_({.max_task_failures = kNoLimit, .max_stage_attempts = kNoLimit}),
      batches_(request) {
  cluster_.Listen({
      .on_message = [this](ExecutorId executor,
                           const std::string& message) { Turn([&] { OnMessage(executor, message); }); },
      .on_closed =
          [this](ExecutorId executor) {
            // Its exit may still tell why.
            world_.agenda.After(kExitNoticeUs,
                                [this, executor] { Turn([&] { Lose(executor, "closed its connection"); }); });
          },
      .on_exited = [this](ExecutorId executor) { Turn([&] { Lose(executor, "was killed"); }); },
  });
}

void VirtualDriver::Start() {
  for (int i = 0; i < wanted_executors_; ++i) LaunchExecutor();
  CheckSilenceForEver();
}

void VirtualDriver::StartStreaming() {
  Turn([this] {
    for (const auto& [id, executor] : executors_) {
      if (executor.joined) HandleBatches(driver::ExecutorJoined{id, cluster_.cores()});
    }
    HandleBatches(driver::StreamingStarted{kEpochMs + world_.agenda.now_us() / 1000});
  });
  TickWhenDue();
}

void VirtualDriver::StopStreaming() {
  Turn([this] { HandleBatches(driver::StopRequested{.graceful = true}); });
}

void VirtualDriver::TickWhenDue() {
  const std::optional<int64_t> tick = batches_.NextTickMs();
  if (!tick) return;
  world_.agenda.After((*tick - kEpochMs) * 1000 - world_.agenda.now_us(), [this] {
    Turn([this] { HandleBatches(driver::TimePassed{kEpochMs + world_.agenda.now_us() / 1000}); });
    TickWhenDue();
  });
}

void VirtualDriver::Turn(const std::function<void()>& work) {
  work();
  while (!unused_nodes_->empty()) {
    for (const uint64_t node : std::exchange(*unused_nodes_, {})) HandleJobs(driver::NodeUnused{node});
  }
  Flush();
}

[[gnu::noinline]] std::string VirtualDriver::ToBytes(const proto::ToExecutor& message) {
  return message.SerializeAsString();
}

[[gnu::noinline]] std::shared_ptr<const proto::FromExecutor> VirtualDriver::FromBytes(
    const std::string& bytes) {
  auto message = std::make_shared<proto::FromExecutor>();
  message->ParseFromString(bytes);
  return message;
}

void VirtualDriver::Flush() {
  for (auto& [executor, message] : std::exchange(outbox_, {})) {
    const int64_t begin = CpuNs();
    const std::string bytes = ToBytes(message);
    cpu_ns_ += CpuNs() - begin;
    world_.control.SendToExecutor(executor, bytes);
  }
}

void VirtualDriver::HandleJobs(const driver::JobEvent& event) {
  std::vector<driver::JobCommand> commands;
  const int64_t begin = CpuNs();
  jobs_.Handle(event, commands);
  cpu_ns_ += CpuNs() - begin;
  for (driver::JobCommand& command : commands) {
    std::visit([this](auto& c) { Obey(c); }, command);
  }
}

void VirtualDriver::HandleBatches(const driver::BatchEvent& event) {
  std::vector<driver::BatchCommand> commands;
  const int64_t begin = CpuNs();
  batches_.Handle(event, commands);
  cpu_ns_ += CpuNs() - begin;
  for (driver::BatchCommand& command : commands) {
    std::visit([this](auto& c) { Obey(c); }, command);
  }
}

void VirtualDriver::Obey(driver::SendCommand& command) {
  const proto::ToExecutor::Command& wanted = command.command;
  for (const proto::TaskRange& range : wanted.launch().tasks()) {
    launched_tasks_ += range.count();
    for (uint64_t task = range.first(); task < range.first() + range.count(); ++task) {
      const Attempt attempt(command.executor, range.attempt());
      if (under_way_.try_emplace({wanted.launch().stage_run(), task}, attempt).second) continue;
      world_.ledger.Violate("task " + std::to_string(task) + " of stage run " +
                            std::to_string(wanted.launch().stage_run()) +
                            " is launched although an attempt is under way");
    }
  }
  if (wanted.has_cancel()) {
    std::erase_if(under_way_,
                  [&](const auto& task) { return task.first.first == wanted.cancel().stage_run(); });
  }
  if (wanted.has_start_receiver()) {
    receivers_[StreamId{wanted.start_receiver().stream()}] = {command.executor,
                                                              wanted.start_receiver().epoch()};
  }
  *outbox_[command.executor].add_commands() = std::move(command.command);
}

void VirtualDriver::Obey(driver::TieResources& command) {
  command.node->resources = std::make_shared<NodeToken>(command.node->id, unused_nodes_);
}

void VirtualDriver::Obey(driver::RunBatch& command) {
  world_.ledger.Take(command.batch);
  world_.agenda.After(world_.random.Between(1, kMostUserThreadUs), [this, batch = command.batch] {
    run_batch_(batch, [this, batch](const absl::Status& status) {
      world_.agenda.After(world_.random.Between(1, kMostUserThreadUs), [this, batch, status] {
        world_.Note("settle", {Number(batch.id)});
        if (status.ok()) world_.ledger.Settle(batch);
        Turn([&] { HandleBatches(driver::BatchEnded{batch.id, status}); });
        if (status.ok() && kept_blocks() != world_.ledger.unsettled_blocks()) {
          world_.ledger.Violate("the driver keeps " + std::to_string(kept_blocks()) + " blocks, not " +
                                std::to_string(world_.ledger.unsettled_blocks()));
        }
      });
    });
  });
}

void VirtualDriver::Obey(driver::StreamingEnded& command) { ended_ = command.status; }

void VirtualDriver::LaunchExecutor() {
  const ExecutorId executor{next_executor_++};
  executors_[executor].heard_us = world_.agenda.now_us();
  cluster_.Launch(executor);
}

void VirtualDriver::OnMessage(ExecutorId executor, const std::string& bytes) {
  const int64_t begin = CpuNs();
  const std::shared_ptr<const proto::FromExecutor> message = FromBytes(bytes);
  cpu_ns_ += CpuNs() - begin;
  for (const proto::TaskStatus& status : message->statuses()) {
    const auto task = under_way_.find({status.stage_run(), status.partition()});
    if (task != under_way_.end() && task->second == Attempt(executor, status.attempt()))
      under_way_.erase(task);
    world_.Note("status", {Number(executor), status.stage_run(), status.partition(), status.attempt(),
                           status.has_failure() ? status.failure().kind() + 1u : 0u});
  }
  if (const auto found = executors_.find(executor); found != executors_.end()) {
    found->second.heard_us = world_.agenda.now_us();
    if (message->has_hello() && !found->second.joined) OnHello(executor, message->hello());
  }
  if (message->statuses_size() > 0) HandleJobs(driver::StatusesArrived{executor, message});
  for (const proto::ReceivedBlock& block : message->blocks()) OnBlock(executor, block);
  for (const proto::ReceiverEvent& event : message->receivers()) OnReceiver(executor, event);
  for (const proto::Replicated& copy : message->replicated()) {
    const plan::BlockId block = plan::FromProto(copy.block());
    if (copy.ok()) world_.ledger.Copied(block, ExecutorId{copy.to()});
    HandleBatches(driver::BlockReplicated{block, ExecutorId{copy.to()}, copy.ok()});
  }
}

void VirtualDriver::OnHello(ExecutorId executor, const proto::Hello& hello) {
  world_.Note("join", {Number(executor)});
  executors_.at(executor).joined = true;
  ++joined_;
  proto::Welcome& welcome = *outbox_[executor].add_commands()->mutable_welcome();
  welcome.set_heartbeat_ms(static_cast<uint32_t>(kNetworkTimeoutUs / 4000));
  const driver::ExecutorJoined event{executor, static_cast<int>(hello.cores())};
  HandleJobs(event);
  HandleBatches(event);
}

void VirtualDriver::OnBlock(ExecutorId executor, const proto::ReceivedBlock& block) {
  const plan::BlockLocation location = LocationOf(block.block());
  const auto receiver = receivers_.find(StreamId{static_cast<uint32_t>(location.id.a)});
  const bool is_current = receiver != receivers_.end() && receiver->second.executor == executor &&
                          receiver->second.epoch == block.epoch();
  world_.Note("block", {Number(executor), location.id.a, location.id.b, is_current});
  if (!world_.ledger.WasAcknowledged(location.id)) {
    if (is_current && !ended_) {
      world_.ledger.Acknowledge(location.id);
    } else {
      world_.ledger.Refuse(location.id);
    }
  }
  HandleBatches(driver::BlockReported{executor, block.epoch(), location});
}

void VirtualDriver::OnReceiver(ExecutorId executor, const proto::ReceiverEvent& event) {
  using Kind = driver::ReceiverReported::Kind;
  const bool stopped = event.kind() == proto::ReceiverEvent::STOPPED;
  const auto receiver = receivers_.find(StreamId{event.stream()});
  if (stopped && receiver != receivers_.end() && receiver->second.epoch == event.epoch()) {
    receivers_.erase(receiver);
  }
  HandleBatches(driver::ReceiverReported{StreamId{event.stream()}, event.epoch(),
                                         stopped ? Kind::kStopped : Kind::kStarted, event.message(),
                                         executor});
}

void VirtualDriver::CheckSilenceForEver() {
  Turn([this] {
    std::vector<ExecutorId> silent;
    for (const auto& [id, executor] : executors_) {
      if (world_.agenda.now_us() - executor.heard_us >= kNetworkTimeoutUs) silent.push_back(id);
    }
    for (const ExecutorId executor : silent) Lose(executor, "was silent");
  });
  world_.agenda.After(kSilenceCheckUs, [this] { CheckSilenceForEver(); });
}

void VirtualDriver::Lose(ExecutorId id, const std::string& reason) {
  std::erase_if(under_way_, [&](const auto& task) { return task.second.first == id; });
  const auto node = executors_.extract(id);
  if (node.empty()) return;
  world_.Note("lose", {Number(id)});
  world_.control.EndAtDriver(id);
  outbox_.erase(id);
  cluster_.End(id);
  world_.ledger.Lose(id);
  std::erase_if(receivers_, [&](const auto& receiver) { return receiver.second.executor == id; });
  LaunchExecutor();
  if (!node.mapped().joined) return;
  --joined_;
  const driver::ExecutorLost event{id, reason};
  HandleBatches(event);
  HandleJobs(event);
}

void VirtualDriver::RunJob(const driver::NodePtr& root, const std::string& operation,
                           const plan::BatchRecord& batch, std::function<void(absl::StatusOr<Value>)> done) {
  std::vector<int> partitions;
  for (int p = 0; p < root->partitions; ++p) partitions.push_back(p);
  Submit(std::make_shared<Job>(Job{root, operation, batch, std::move(done), {}}), std::move(partitions));
}

void VirtualDriver::Submit(std::shared_ptr<Job> job, std::vector<int> partitions) {
  const driver::JobId id{next_job_++};
  running_[id] = job;
  Turn([&] {
    HandleJobs(driver::JobSubmitted{id, job->root, std::move(partitions), job->operation, job->batch.id,
                                    job->batch.time_ms});
  });
}

void VirtualDriver::Obey(driver::JobFinished& command) {
  const auto node = running_.extract(command.job);
  world_.agenda.After(world_.random.Between(1, kMostReadUs), [this, job = node.mapped(), finished = command] {
    if (!finished.status.ok()) return job->done(finished.status);
    TakeResults(job, finished.results);
  });
}

void VirtualDriver::TakeResults(const std::shared_ptr<Job>& job,
                                const std::vector<driver::TaskResult>& results) {
  std::set<std::pair<ExecutorId, StageRunId>> stored;
  std::vector<int> missing;
  for (const driver::TaskResult& result : results) {
    std::optional<Value> value;
    if (!result.stored) {
      value = Value::Decode(result.rows.view);
    } else {
      stored.emplace(result.executor, result.run);
      const VirtualExecutor* executor = cluster_.Reach(kDriverPeer, result.executor);
      if (executor != nullptr) {
        value =
            executor->Read({plan::BlockId::Kind::kResult, Number(result.run),
                            static_cast<uint64_t>(result.partition), static_cast<uint64_t>(result.attempt)});
      }
    }
    if (value) {
      job->rows[result.partition] = *value;
    } else {
      missing.push_back(result.partition);
    }
  }
  Turn([&] {
    for (const auto& [executor, run] : stored) HandleJobs(driver::ResultsTaken{executor, run});
  });
  if (!missing.empty()) return Submit(job, std::move(missing));
  Value total;
  for (const auto& [partition, value] : job->rows) total += value;
  job->done(total);
}

}  // namespace millstream::simulation
