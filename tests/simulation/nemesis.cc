#include "tests/simulation/nemesis.h"

#include <algorithm>
#include <vector>

namespace millstream::simulation {
namespace {

constexpr int64_t kLongestFaultUs = 15'000'000;  // longer than the driver waits
constexpr int64_t kLongestBlinkUs = 1'500'000;
constexpr int64_t kDrag = 50;

}  // namespace

void Nemesis::Wait() {
  world_.agenda.After(world_.random.Between(1, 2 * mean_us_), [this] {
    if (stopped_) return;
    const std::vector<ExecutorId> running = cluster_.Running();
    if (!running.empty()) Strike(running[world_.random.Below(running.size())]);
    Wait();
  });
}

bool Nemesis::CanSpare(ExecutorId victim) const {
  const std::vector<ExecutorId> running = cluster_.Running();
  const auto sound = static_cast<size_t>(std::count_if(
      running.begin(), running.end(), [&](ExecutorId id) { return !cluster_.troubled().contains(id); }));
  return sound > std::max<size_t>(2, executors_ / 2) && world_.ledger.CanSpare(victim, cluster_.troubled());
}

// Half of them are over before the driver gives the executor up.
int64_t Nemesis::Duration() {
  const int64_t duration =
      world_.random.Between(1, world_.random.Chance(500) ? kLongestBlinkUs : kLongestFaultUs);
  over_us_ = std::max(over_us_, world_.agenda.now_us() + duration);
  return duration;
}

void Nemesis::Strike(ExecutorId victim) {
  if (cluster_.troubled().contains(victim)) return;
  VirtualExecutor& executor = *cluster_.Find(victim);
  const uint64_t kind = world_.random.Below(10);
  if (kind < 6 && !CanSpare(victim)) return;
  ++faults_;
  switch (kind) {
    case 0:
    case 1:
      return cluster_.Kill(
          victim, world_.random.Chance(500) ? ControlStreams::Rest::kArrives : ControlStreams::Rest::kIsLost);
    case 2:
      return cluster_.Stop(victim, Duration());
    case 3:
      return cluster_.CutOff(victim, true, true, Duration());
    case 4: {
      const bool to_driver = world_.random.Chance(500);
      return cluster_.CutOff(victim, to_driver, !to_driver, Duration());
    }
    case 5:
      return world_.random.Chance(500) ? cluster_.BreakConnection(victim)
                                       : cluster_.CutOffFromPeers(victim, Duration());
    case 6:
    case 7:
      world_.Note("throw", {Number(victim)});
      return executor.ThrowInNextTask();
    case 8:
      world_.Note("end receiver", {Number(victim)});
      return executor.EndAReceiver();
    default:
      world_.Note("drag", {Number(victim)});
      executor.SlowDown(kDrag);
      return cluster_.After(victim, Duration(), [&executor] { executor.SlowDown(1); });
  }
}

}  // namespace millstream::simulation
