#ifndef MILLSTREAM_TESTS_SIMULATION_CLUSTER_H_
#define MILLSTREAM_TESTS_SIMULATION_CLUSTER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/virtual_executor.h"
#include "tests/simulation/world.h"

namespace millstream::simulation {

// The machines: executors that start, fail and end, and what of their network is cut.
class Cluster : public Peers {
 public:
  // What the driver hears.
  struct Listener {
    std::function<void(ExecutorId, const std::string& message)> on_message;
    std::function<void(ExecutorId)> on_closed;
    std::function<void(ExecutorId)> on_exited;
  };
  Cluster(World& world, int cores) : world_(world), cores_(cores) {}
  void Listen(Listener listener) { listener_ = std::move(listener); }
  int cores() const { return cores_; }

  // What the driver asks for. A process that is cut off ends when it is no longer.
  void Launch(ExecutorId executor);
  void End(ExecutorId executor);

  // Faults.
  void Kill(ExecutorId executor, ControlStreams::Rest rest);
  void Stop(ExecutorId executor, int64_t for_us);
  void CutOff(ExecutorId executor, bool to_driver, bool to_executor, int64_t for_us);
  void CutOffFromPeers(ExecutorId executor, int64_t for_us);
  void BreakConnection(ExecutorId executor);

  // Executors that run, in order.
  std::vector<ExecutorId> Running() const;
  // Those that something is wrong with; they may or may not be lost.
  const std::set<ExecutorId>& troubled() const { return troubled_; }
  VirtualExecutor* Find(ExecutorId executor);

  VirtualExecutor* Reach(ExecutorId from, ExecutorId to) override;
  void After(ExecutorId executor, int64_t delay_us, std::function<void()> action) override;

 private:
  struct Machine {
    std::unique_ptr<VirtualExecutor> executor;
    bool stopped = false;
    bool cut_off = false;
    bool cut_off_from_peers = false;
    bool doomed = false;  // ends as soon as it can be reached
  };

  Machine* MachineOf(ExecutorId executor);
  bool Answers(ExecutorId executor);
  void Recover(ExecutorId executor);
  void Exit(ExecutorId executor, ControlStreams::Rest rest);

  World& world_;
  const int cores_;
  Listener listener_;
  std::vector<Machine> machines_;  // by the number of their executor; of one that is gone, without it
  std::set<ExecutorId> troubled_;
};

}  // namespace millstream::simulation

#endif  // MILLSTREAM_TESTS_SIMULATION_CLUSTER_H_
