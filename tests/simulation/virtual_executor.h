#ifndef MILLSTREAM_TESTS_SIMULATION_VIRTUAL_EXECUTOR_H_
#define MILLSTREAM_TESTS_SIMULATION_VIRTUAL_EXECUTOR_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "common/base/ids.h"
#include "common/plan/block_id.h"
#include "proto/control.pb.h"
#include "tests/simulation/virtual_receiver.h"
#include "tests/simulation/world.h"

namespace millstream::simulation {

// An executor that computes with Values instead of rows: it keeps blocks, runs tasks on slots, reads what
// others keep, runs receivers, and reports, as the real one does and with its messages.
class VirtualExecutor {
 public:
  VirtualExecutor(World& world, Peers& peers, ExecutorId id, int cores);

  ExecutorId id() const { return id_; }
  void SayHello();
  void Handle(const std::string& message);

  // Faults. A stopped process does nothing; when it goes on, all that was due is done at once.
  void Stop() { stopped_ = true; }
  void Continue();
  void ThrowInNextTask() { ++throws_; }
  void SlowDown(int64_t factor) { slowness_ = factor; }
  void EndAReceiver();

  // What it keeps.
  bool Has(const plan::BlockId& block) const { return blocks_.contains(block); }
  // A block, or of a shuffle output (whose id is that of reducer 0) the part of a reducer.
  std::optional<Value> Read(const plan::BlockId& block) const;
  void Put(const plan::BlockId& block, const Value& value) { blocks_[block] = {value, 1}; }
  // What of these blocks the driver should have had dropped.
  std::vector<plan::BlockId> Leftovers(const Ledger& ledger) const;

  // For its receivers.
  void After(int64_t delay_us, std::function<void()> action);
  void Send(const proto::FromExecutor& message);

 private:
  struct Kept {
    Value value;
    size_t parts = 1;  // reducers of a shuffle output
  };
  // What the tasks of one launch share.
  struct Launched {
    proto::Launch launch;
    std::shared_ptr<const proto::StagePlan> plan;
    struct Shuffle {
      uint64_t id = 0;
      std::vector<ExecutorId> holders;  // by map partition
    };
    std::vector<Shuffle> shuffles;  // by input; empty for blocks
    std::map<plan::BlockId, Value> carried;
  };
  struct Task {
    std::shared_ptr<const Launched> launched;
    int partition = 0;
    uint32_t attempt = 0;
    bool cancelled = false;
  };
  using TaskPtr = std::shared_ptr<Task>;
  using Outcome = std::variant<Value, proto::TaskFailure>;

  void Launch(const proto::Launch& launch);
  void Cancel(uint64_t stage_run);
  void Drop(const proto::Drop& drop);
  void Replicate(const proto::Replicate& replicate);
  void BeatForEver(int64_t interval_us);

  void StartTasks();
  void Finish(const TaskPtr& task);
  Outcome Evaluate(const Task& task, int node, int partition, int64_t& waited_us) const;
  Outcome ReadShuffle(const Launched& launched, size_t input, int reducer, int64_t& waited_us) const;
  Outcome ReadBlocks(const Launched& launched, size_t input, int partition, int64_t& waited_us) const;
  void Report(const Task& task, const Outcome& outcome);
  void Keep(const Task& task, const Value& value, proto::TaskStatus& status);

  World& world_;
  Peers& peers_;
  const ExecutorId id_;
  const int cores_;
  bool stopped_ = false;
  std::vector<std::function<void()>> due_;  // while it is stopped
  int throws_ = 0;
  int64_t slowness_ = 1;
  bool beats_ = false;
  std::map<std::string, std::shared_ptr<const proto::StagePlan>> plans_;
  std::map<plan::BlockId, Kept> blocks_;
  std::deque<TaskPtr> queue_;
  std::vector<TaskPtr> running_;
  std::map<StreamId, std::shared_ptr<VirtualReceiver>> receivers_;
};

}  // namespace millstream::simulation

#endif  // MILLSTREAM_TESTS_SIMULATION_VIRTUAL_EXECUTOR_H_
