#include "tests/support/mini_cluster.h"

#include <utility>

#include "client/context/context_core.h"
#include "client/context/process_state.h"
#include "common/plan/kernel_refs.h"

namespace millstream::test {
namespace {

constexpr std::chrono::seconds kPatience{60};

template <class Message>
std::vector<std::string> Encoded(const std::vector<Message>& messages) {
  std::vector<std::string> encoded;
  for (const Message& message : messages) encoded.push_back(message.SerializeAsString());
  return encoded;
}

// What `hook` makes of an encoded message; itself without one.
template <class Message, class Hook>
std::vector<std::string> Pass(const Hook& hook, ExecutorId executor, std::string encoded) {
  if (!hook) return {std::move(encoded)};
  Message message;
  if (!message.ParseFromString(encoded)) return {std::move(encoded)};
  return Encoded(hook(executor, std::move(message)));
}

}  // namespace

struct MiniCluster::Machine {
  ExecutorId id{};
  std::shared_ptr<rpc::ExecutorLink> link;
  std::unique_ptr<executor::Executor> executor;

  // Protected by the cluster's mutex.
  bool hung = false;
  bool hung_once = false;  // its messages go through the queue, lest one overtakes those that were held back
  bool given_up = false;
  std::vector<std::string> held_to_executor;
  std::vector<std::string> held_to_driver;
};

class MiniCluster::Launcher : public driver::ExecutorLauncher {
 public:
  explicit Launcher(MiniCluster& cluster) : cluster_(cluster) {}
  void Launch(ExecutorId executor) override { cluster_.Launch(executor); }
  void Kill(ExecutorId executor) override { cluster_.GiveUp(executor); }

 private:
  MiniCluster& cluster_;
};

class MiniCluster::Engine : public client::Engine {
 public:
  explicit Engine(MiniCluster& cluster) : cluster_(cluster) {}

  absl::StatusOr<std::vector<exec::Slices>> RunJob(client::Job job) override {
    auto result = cluster_.driver_->RunJob({.root = std::move(job.root),
                                            .partitions = std::move(job.partitions),
                                            .operation = std::move(job.operation),
                                            .batch = job.batch,
                                            .batch_time_ms = job.batch_time_ms});
    if (!result.ok()) return result.status();
    return std::move(result->partitions);
  }
  void Unpersist(const plan::Node& node) override { cluster_.driver_->Unpersist(node); }
  int total_cores() const override { return cluster_.driver_->total_cores(); }
  int PartitionsPerReceiver(const plan::StreamingRequest& request) const override {
    return driver::Driver::PartitionsPerReceiver(request);
  }
  absl::Status StartStreaming(plan::StreamingRequest request) override {
    return cluster_.driver_->StartStreaming(std::move(request));
  }
  absl::Status StopStreaming(bool graceful) override { return cluster_.driver_->StopStreaming(graceful); }
  std::optional<absl::Status> AwaitStreaming(std::optional<std::chrono::milliseconds> timeout) override {
    return cluster_.driver_->AwaitStreaming(timeout);
  }
  void Stop() override { cluster_.Stop(); }

 private:
  MiniCluster& cluster_;
};

MiniCluster::MiniCluster(const MiniClusterOptions& options)
    : options_(options), launcher_(std::make_unique<Launcher>(*this)) {}

MiniCluster::~MiniCluster() { Stop(); }

absl::Status MiniCluster::Start() {
  endpoint_.Intercept({
      .to_executor = [this](ExecutorId id,
                            std::string encoded) { return ToExecutor(id, std::move(encoded)); },
      .to_driver = [this](ExecutorId id, std::string encoded) { return ToDriver(id, std::move(encoded)); },
  });
  blocks_.FailFetches([this](ExecutorId peer, const plan::BlockId& id) { return Fetch(peer, id); });
  driver_ = std::make_unique<driver::Driver>(
      driver::DriverOptions{.application = "mini cluster",
                            .executors = options_.executors,
                            .cores_per_executor = options_.cores_per_executor,
                            .max_task_failures = options_.max_task_failures,
                            .executor_memory_bytes = options_.executor_memory_bytes,
                            .network_timeout = options_.network_timeout,
                            .build_id = plan::MainBuildId()},
      endpoint_, *launcher_, blocks_);
  blocks_.Register(kDriverPeer, driver_->collections());
  return driver_->Start(kPatience);
}

void MiniCluster::Stop() {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
  }
  changed_.notify_all();
  if (driver_ != nullptr) driver_->Stop();
  std::map<ExecutorId, std::shared_ptr<Machine>> machines;
  {
    std::lock_guard lock(mutex_);
    machines.swap(machines_);
  }
  for (const auto& [id, machine] : machines) Bury(machine);
  for (std::thread& funeral : funerals_) funeral.join();
  blocks_.Unregister(kDriverPeer);
}

std::unique_ptr<Context> MiniCluster::MakeContext(const Config& config) {
  absl::StatusOr<cli::ResolvedConfig> resolved = client::Resolve(config.values());
  if (!resolved.ok()) return nullptr;
  return std::make_unique<Context>(
      std::make_shared<graph::ContextCore>(*std::move(resolved), std::make_unique<Engine>(*this)));
}

void MiniCluster::Kill(ExecutorId executor) {
  std::shared_ptr<Machine> machine;
  {
    std::lock_guard lock(mutex_);
    auto node = machines_.extract(executor);
    if (node.empty()) return;
    machine = std::move(node.mapped());
  }
  changed_.notify_all();
  Bury(machine);
  driver_->OnExecutorExited(executor, "was killed by signal 9 (SIGKILL)");
}

void MiniCluster::Hang(ExecutorId executor) {
  std::lock_guard lock(mutex_);
  const auto found = machines_.find(executor);
  if (found == machines_.end()) return;
  found->second->hung = true;
  found->second->hung_once = true;
}

void MiniCluster::Resume(ExecutorId executor) {
  {
    std::lock_guard lock(mutex_);
    const auto found = machines_.find(executor);
    if (found == machines_.end()) return;
    InjectHeld(*found->second);
    found->second->hung = false;
  }
  changed_.notify_all();
}

void MiniCluster::InjectHeld(Machine& machine) {
  for (std::string& message : std::exchange(machine.held_to_executor, {})) {
    endpoint_.InjectToExecutor(machine.id, std::move(message));
  }
  for (std::string& message : std::exchange(machine.held_to_driver, {})) {
    endpoint_.InjectToDriver(machine.id, std::move(message));
  }
}

void MiniCluster::InjectToDriver(ExecutorId executor, const proto::FromExecutor& message) {
  endpoint_.InjectToDriver(executor, message.SerializeAsString());
}

std::vector<ExecutorId> MiniCluster::live() const {
  std::lock_guard lock(mutex_);
  std::vector<ExecutorId> ids;
  for (const auto& [id, machine] : machines_) {
    if (!machine->given_up) ids.push_back(id);
  }
  return ids;
}

bool MiniCluster::AwaitLaunches(int count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return launches_ >= count; });
}

bool MiniCluster::AwaitGivenUp(ExecutorId executor) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return given_up_.contains(executor); });
}

uint64_t MiniCluster::bytes_to(ExecutorId executor) const {
  std::lock_guard lock(mutex_);
  const auto found = bytes_to_.find(executor);
  return found == bytes_to_.end() ? 0 : found->second;
}

rpc::BlockSource& MiniCluster::blocks_of(ExecutorId executor) { return Find(executor)->executor->blocks(); }

void MiniCluster::Launch(ExecutorId executor) {
  auto machine = std::make_shared<Machine>();
  machine->id = executor;
  auto made = executor::Executor::Create(
      {.id = executor,
       .cores = options_.cores_per_executor,
       .memory_bytes = options_.executor_memory_bytes,
       .data_address = "",
       .build_id = options_.executor_build_id.empty() ? plan::MainBuildId() : options_.executor_build_id,
       .test_chunks = options_.test_chunks},
      blocks_, [to = machine.get()](std::shared_ptr<const proto::FromExecutor> message, rpc::Sender sender) {
        to->link->Send(std::move(message), sender);
      });
  if (!made.ok()) {
    driver_->OnExecutorExited(executor, std::string(made.status().message()));
    return;
  }
  machine->executor = *std::move(made);
  machine->link =
      endpoint_.Attach(executor, [to = machine.get()](std::shared_ptr<const proto::ToExecutor> message) {
        to->executor->Handle(std::move(message));
      });
  blocks_.Register(executor, machine->executor->blocks());
  {
    std::lock_guard lock(mutex_);
    machines_[executor] = machine;
    ++launches_;
  }
  machine->executor->Start();
  changed_.notify_all();
}

void MiniCluster::GiveUp(ExecutorId executor) {
  std::shared_ptr<Machine> dead;
  {
    std::lock_guard lock(mutex_);
    given_up_.insert(executor);
    const auto found = machines_.find(executor);
    if (found != machines_.end()) {
      found->second->given_up = true;
      // One that hangs cannot be told: it returns, if ever, knowing nothing.
      if (!found->second->hung) dead = machines_.extract(found).mapped();
    }
  }
  changed_.notify_all();
  if (dead != nullptr) Bury(dead);
}

void MiniCluster::Bury(const std::shared_ptr<Machine>& machine) {
  endpoint_.Detach(machine->id, "its process ended");
  blocks_.Unregister(machine->id);
  std::lock_guard lock(mutex_);
  funerals_.emplace_back([machine] { machine->executor->Stop(); });
}

std::vector<std::string> MiniCluster::ToExecutor(ExecutorId executor, std::string encoded) {
  {
    std::lock_guard lock(mutex_);
    bytes_to_[executor] += encoded.size();
  }
  std::vector<std::string> messages = Pass<proto::ToExecutor>(on_to_executor_, executor, std::move(encoded));
  std::lock_guard lock(mutex_);
  const auto found = machines_.find(executor);
  if (found == machines_.end() || !found->second->hung_once) return messages;
  Machine& machine = *found->second;
  for (std::string& message : messages) {
    if (machine.hung) {
      machine.held_to_executor.push_back(std::move(message));
    } else {
      endpoint_.InjectToExecutor(executor, std::move(message));
    }
  }
  return {};
}

std::vector<std::string> MiniCluster::ToDriver(ExecutorId executor, std::string encoded) {
  std::vector<std::string> messages = Pass<proto::FromExecutor>(on_to_driver_, executor, std::move(encoded));
  std::lock_guard lock(mutex_);
  const auto found = machines_.find(executor);
  if (found == machines_.end() || !found->second->hung) return messages;
  std::vector<std::string>& held = found->second->held_to_driver;
  for (std::string& message : messages) held.push_back(std::move(message));
  return {};
}

absl::Status MiniCluster::Fetch(ExecutorId peer, const plan::BlockId& id) {
  if (on_fetch_) {
    if (absl::Status status = on_fetch_(peer, id); !status.ok()) return status;
  }
  std::unique_lock lock(mutex_);
  const auto gone = [&] {
    const auto found = machines_.find(peer);
    return found == machines_.end() || found->second->given_up || stopped_;
  };
  if (peer == kDriverPeer) return absl::OkStatus();
  changed_.wait(lock, [&] { return gone() || !machines_.at(peer)->hung; });
  if (!gone()) return absl::OkStatus();
  return absl::UnavailableError("executor " + std::to_string(Number(peer)) + " is gone");
}

std::shared_ptr<MiniCluster::Machine> MiniCluster::Find(ExecutorId executor) const {
  std::lock_guard lock(mutex_);
  return machines_.at(executor);
}

}  // namespace millstream::test
