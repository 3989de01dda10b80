#include "tests/simulation/cluster.h"

#include <utility>

namespace millstream::simulation {
namespace {

constexpr int64_t kLeastStartUs = 10'000;
constexpr int64_t kMostStartUs = 300'000;
constexpr int64_t kMostEndUs = 50'000;

}  // namespace

void Cluster::Launch(ExecutorId id) {
  world_.agenda.After(world_.random.Between(kLeastStartUs, kMostStartUs), [this, id] {
    world_.Note("start", {Number(id)});
    if (machines_.size() <= Number(id)) machines_.resize(Number(id) + 1);
    machines_[Number(id)].executor = std::make_unique<VirtualExecutor>(world_, *this, id, cores_);
    world_.control.Open(
        id, {.at_driver = [this, id](const std::string& message) { listener_.on_message(id, message); },
             .at_executor =
                 [this, id](const std::string& message) {
                   if (VirtualExecutor* executor = Find(id)) executor->Handle(message);
                 },
             .closed_at_driver = [this, id] { listener_.on_closed(id); },
             .closed_at_executor =
                 [this, id] {
                   // An executor ends with its driver, a moment later.
                   VirtualExecutor* executor = Find(id);
                   if (executor == nullptr) return;
                   executor->After(world_.random.Between(1, kMostEndUs),
                                   [this, id] { Exit(id, ControlStreams::Rest::kIsLost); });
                 }});
    Find(id)->SayHello();
  });
}

void Cluster::End(ExecutorId id) {
  world_.agenda.After(world_.random.Between(1, kMostEndUs), [this, id] {
    Machine* machine = MachineOf(id);
    if (machine == nullptr) return;
    if (machine->cut_off) {
      machine->doomed = true;
    } else {
      Exit(id, ControlStreams::Rest::kIsLost);
    }
  });
}

void Cluster::Kill(ExecutorId id, ControlStreams::Rest rest) {
  world_.Note("kill", {Number(id), static_cast<uint64_t>(rest)});
  Exit(id, rest);
  if (Find(id) == nullptr) ++world_.effects["executor killed"];
}

void Cluster::Exit(ExecutorId id, ControlStreams::Rest rest) {
  Machine* machine = MachineOf(id);
  if (machine == nullptr) return;
  const bool is_seen = !machine->cut_off && world_.random.Chance(500);
  world_.control.EndAtExecutor(id, rest);
  troubled_.insert(id);
  *machine = {};
  // Who started the process may notice first, or only the connection tells.
  if (is_seen) {
    world_.agenda.After(world_.random.Between(1, kMostEndUs), [this, id] { listener_.on_exited(id); });
  }
}

void Cluster::Stop(ExecutorId id, int64_t for_us) {
  world_.Note("stop", {Number(id), static_cast<uint64_t>(for_us)});
  Machine& machine = machines_.at(Number(id));
  machine.stopped = true;
  machine.executor->Stop();
  world_.control.Block(id, true, true);
  troubled_.insert(id);
  world_.agenda.After(for_us, [this, id] { Recover(id); });
}

void Cluster::CutOff(ExecutorId id, bool to_driver, bool to_executor, int64_t for_us) {
  world_.Note("cut off", {Number(id), to_driver, to_executor, static_cast<uint64_t>(for_us)});
  machines_.at(Number(id)).cut_off = true;
  world_.control.Block(id, to_driver, to_executor);
  ++world_.effects[!to_executor ? "cut off towards the driver"
                   : !to_driver ? "cut off from the driver"
                                : "cut off both ways"];
  troubled_.insert(id);
  world_.agenda.After(for_us, [this, id] { Recover(id); });
}

void Cluster::CutOffFromPeers(ExecutorId id, int64_t for_us) {
  world_.Note("cut off from peers", {Number(id), static_cast<uint64_t>(for_us)});
  machines_.at(Number(id)).cut_off_from_peers = true;
  troubled_.insert(id);
  world_.agenda.After(for_us, [this, id] { Recover(id); });
}

void Cluster::BreakConnection(ExecutorId id) {
  world_.Note("break", {Number(id)});
  troubled_.insert(id);
  world_.control.Break(id);
  ++world_.effects["connection broken"];
}

// A process has one fault at a time, so that all of it ends.
void Cluster::Recover(ExecutorId id) {
  Machine* machine = MachineOf(id);
  if (machine == nullptr) return;
  world_.Note("recover", {Number(id)});
  machine->cut_off = false;
  machine->cut_off_from_peers = false;
  if (!machine->doomed) troubled_.erase(id);
  world_.control.Block(id, false, false);
  if (std::exchange(machine->stopped, false)) machine->executor->Continue();
  if (machine->doomed) End(id);
}

Cluster::Machine* Cluster::MachineOf(ExecutorId id) {
  if (Number(id) >= machines_.size()) return nullptr;
  Machine& machine = machines_[Number(id)];
  return machine.executor == nullptr ? nullptr : &machine;
}

VirtualExecutor* Cluster::Find(ExecutorId id) {
  Machine* machine = MachineOf(id);
  return machine == nullptr ? nullptr : machine->executor.get();
}

std::vector<ExecutorId> Cluster::Running() const {
  std::vector<ExecutorId> running;
  for (uint32_t number = 0; number < machines_.size(); ++number) {
    if (machines_[number].executor != nullptr) running.push_back(ExecutorId{number});
  }
  return running;
}

bool Cluster::Answers(ExecutorId id) {
  const Machine* machine = MachineOf(id);
  return machine != nullptr && !machine->stopped && !machine->cut_off && !machine->cut_off_from_peers;
}

VirtualExecutor* Cluster::Reach(ExecutorId from, ExecutorId to) {
  if (from == to) return Find(to);
  for (const ExecutorId end : {from, to}) {
    const Machine* machine = MachineOf(end);
    if (machine != nullptr && machine->cut_off_from_peers) ++world_.effects["peer cut off"];
  }
  return Answers(to) && (from == kDriverPeer || Answers(from)) ? Find(to) : nullptr;
}

void Cluster::After(ExecutorId id, int64_t delay_us, std::function<void()> action) {
  world_.agenda.After(delay_us, [this, id, action = std::move(action)] {
    if (MachineOf(id) != nullptr) action();
  });
}

}  // namespace millstream::simulation
