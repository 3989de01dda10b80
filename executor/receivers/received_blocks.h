#ifndef MILLSTREAM_EXECUTOR_RECEIVERS_RECEIVED_BLOCKS_H_
#define MILLSTREAM_EXECUTOR_RECEIVERS_RECEIVED_BLOCKS_H_

#include <millstream/exec/bytes.h>
#include <millstream/exec/storage_level.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "executor/receivers/receiver_reports.h"
#include "executor/receivers/stop_signal.h"
#include "executor/tasks/executor_parts.h"

namespace millstream::executor {

// Where copies of a receiver's blocks may go, the preferred peer first. Thread-safe.
class ReplicaPeers {
 public:
  using Numbers = google::protobuf::RepeatedField<uint32_t>;

  ReplicaPeers(ExecutorId self, const Numbers& peers);
  void Set(const Numbers& peers);
  std::vector<ExecutorId> Get() const;

 private:
  const ExecutorId self_;
  mutable std::mutex mutex_;  // protects peers_
  std::vector<ExecutorId> peers_;
};

// A receiver's blocks from the cut to the report: stored, copied to a peer if the level says so, then told
// of. Used by the receiver's thread; copies are made on a thread of its own.
class ReceivedBlocks {
 public:
  // All outlive it. `abandon`: what is not stored yet need not be.
  ReceivedBlocks(const ExecutorParts& parts, ReceiverReports& reports, const StopSignal& abandon,
                 const ReplicaPeers& peers, const proto::StartReceiver& settings);
  ~ReceivedBlocks();
  ReceivedBlocks(const ReceivedBlocks&) = delete;
  ReceivedBlocks& operator=(const ReceivedBlocks&) = delete;

  // Waits while the store has no room or too many blocks wait for their copy.
  void Add(exec::Bytes block);
  // Reports what was added since, as soon as it is stored and copied.
  void Report();
  // The same; returns when it is reported.
  void Flush();
  // Returns when everything that was added is reported.
  void Finish();

 private:
  // A block that waits for its copy; nothing: report what was copied.
  using Job = std::optional<plan::BlockId>;

  bool Store(const plan::BlockId& id, const exec::Bytes& block);
  void Describe(const plan::BlockId& id, uint64_t bytes);
  void Copy(const plan::BlockId& id);
  void Push(Job job);
  void Serve();
  void Send();

  const ExecutorParts& parts_;
  ReceiverReports& reports_;
  const StopSignal& abandon_;
  const uint32_t stream_;
  const uint32_t epoch_;
  const StorageLevel level_;
  const ReplicaPeers& peers_;
  uint32_t next_ = 0;
  bool warned_of_copies_ = false;              // that there is one only; the copying thread's
  std::shared_ptr<proto::FromExecutor> kept_;  // to be reported; the copying thread's, if there is one

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool finishing_ = false;
  std::thread thread_;  // once there is somewhere to copy to
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_RECEIVERS_RECEIVED_BLOCKS_H_
