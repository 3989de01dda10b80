#ifndef MILLSTREAM_DRIVER_BATCHES_BLOCK_TRACKER_H_
#define MILLSTREAM_DRIVER_BATCHES_BLOCK_TRACKER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/plan/block_id.h"
#include "driver/batches/batch_events.h"

namespace millstream::driver {

// Received blocks that a batch still needs, and their copies. A block that has fewer copies than it should is
// copied again as soon as there is an executor to take it, a bounded number at a time. Pure.
class BlockTracker {
 public:
  void Join(ExecutorId executor, std::vector<BatchCommand>& commands);
  // What had its only copy there is lost for that reason.
  void Lose(ExecutorId executor, const std::string& reason, std::vector<BatchCommand>& commands);

  bool Has(const plan::BlockId& id) const { return blocks_.contains(id); }
  // It is new.
  void Add(const plan::BlockLocation& block, size_t copies, std::vector<BatchCommand>& commands);
  void Replicated(const BlockReplicated& event, std::vector<BatchCommand>& commands);

  // Where it is now.
  plan::BlockLocation Locate(const plan::BlockId& id) const;
  // Why the block has no copy left ("executor 1 was killed by signal 9 (SIGKILL)"); nothing if it has.
  std::optional<std::string> LossOf(const plan::BlockId& id) const;

  // They are needed no more.
  void Settle(const std::vector<plan::BlockId>& ids, std::vector<BatchCommand>& commands);

  size_t size() const { return blocks_.size(); }

 private:
  struct Block {
    uint64_t bytes = 0;
    std::vector<ExecutorId> peers;
    size_t copies = 1;  // it should have
    int failures = 0;   // of copying it
    bool moved = false;
    std::string loss;
  };

  void CopyAgain(std::vector<BatchCommand>& commands);
  std::optional<ExecutorId> TargetFor(const Block& block) const;

  std::set<ExecutorId> executors_;
  std::map<plan::BlockId, Block> blocks_;
  std::set<plan::BlockId> lacking_;              // copies
  std::map<plan::BlockId, ExecutorId> copying_;  // to whom
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_BATCHES_BLOCK_TRACKER_H_
