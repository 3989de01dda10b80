#ifndef MILLSTREAM_DRIVER_JOBS_OUTPUT_REGISTRY_H_
#define MILLSTREAM_DRIVER_JOBS_OUTPUT_REGISTRY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/ids.h"
#include "common/plan/block_id.h"
#include "proto/control.pb.h"

namespace millstream::driver {

// What executors keep: shuffle output, cached partitions, and received blocks that moved.
class OutputRegistry {
 public:
  // Shuffles. `sequence` orders registrations against launches.
  void ExpectShuffle(uint64_t shuffle, int maps);
  bool IsComplete(uint64_t shuffle) const;
  bool HasMap(uint64_t shuffle, int map) const;
  // An executor may write to it from now on.
  void AddHolder(uint64_t shuffle, ExecutorId executor);
  // `status` tells of the output.
  void RegisterMap(uint64_t shuffle, int map, ExecutorId executor, uint64_t sequence,
                   std::shared_ptr<const proto::TaskStatus> status);
  // Output at `executor` that was registered before `sequence` cannot be read.
  void LoseMaps(uint64_t shuffle, ExecutorId executor, uint64_t sequence);
  // Where its maps are: a proto::ShuffleInput in bytes, which are made once for as long as nothing changes.
  // Missing maps are said to be at the driver, which has none: whoever needs them after all, because a kept
  // partition behind which they lie is gone, finds out by reading.
  std::string DescribeShuffle(uint64_t shuffle, int maps) const;
  // Adds the small outputs for `reducers` that `executor` does not keep itself.
  void CarryShuffle(uint64_t shuffle, const std::vector<int>& reducers, ExecutorId executor,
                    proto::Launch& launch) const;
  // Forgets it; who may keep some of it.
  std::set<ExecutorId> ForgetShuffle(uint64_t shuffle);

  // Cached partitions.
  void ExpectRdd(uint64_t rdd);
  // An executor may keep partitions of it from now on.
  void AddRddHolder(uint64_t rdd, ExecutorId executor);
  bool ExpectsRdd(uint64_t rdd) const { return rdds_.contains(rdd); }
  void RegisterPartition(uint64_t rdd, int partition, ExecutorId executor);
  // Empty: not kept anywhere.
  const std::vector<ExecutorId>& PartitionPlaces(uint64_t rdd, int partition) const;
  bool KeepsAny(uint64_t rdd) const;
  void ForgetPartition(uint64_t rdd, int partition);
  // Forgets it; who may keep some of it.
  std::set<ExecutorId> ForgetRdd(uint64_t rdd);

  // Received blocks: a block is where its location says until it moves.
  void MoveBlock(const plan::BlockId& block, std::vector<ExecutorId> peers);
  const std::vector<ExecutorId>& BlockPeers(const plan::BlockLocation& location) const;

  // `loss` tells how: "executor 1 was killed by signal 9 (SIGKILL)".
  void LoseExecutor(ExecutorId executor, const std::string& loss);
  // The latest; empty before the first.
  const std::string& last_loss() const { return last_loss_; }

 private:
  struct MapOutput {
    std::optional<ExecutorId> executor;
    uint64_t sequence = 0;
    std::shared_ptr<const proto::TaskStatus> status;
  };
  struct Shuffle {
    std::vector<MapOutput> maps;
    int missing = 0;
    std::set<ExecutorId> holders;
    bool has_small_outputs = false;
    mutable std::string description;  // empty: out of date
  };
  struct Rdd {
    std::map<int, std::vector<ExecutorId>> partitions;
    std::set<ExecutorId> holders;
  };

  static std::string Describe(uint64_t shuffle, const std::vector<MapOutput>& maps);

  std::string last_loss_;
  std::map<uint64_t, Shuffle> shuffles_;
  std::map<uint64_t, Rdd> rdds_;
  std::unordered_map<plan::BlockId, std::vector<ExecutorId>> moved_;  // never iterated
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_JOBS_OUTPUT_REGISTRY_H_
