#ifndef MILLSTREAM_DRIVER_BATCHES_BATCH_SCHEDULER_H_
#define MILLSTREAM_DRIVER_BATCHES_BATCH_SCHEDULER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "driver/batches/batch_events.h"
#include "driver/batches/block_tracker.h"

namespace millstream::driver {

// Cuts the stream into batches: ticks at multiples of the interval, gives each batch the blocks reported up
// to then, runs batches one at a time in order, settles them, keeps receivers running, and stops. A pure
// state machine: time comes in events.
class BatchScheduler {
 public:
  // Of `request`, the clock and the function are not used.
  explicit BatchScheduler(const plan::StreamingRequest& request);

  // Appends what is to be done, in order.
  void Handle(const BatchEvent& event, std::vector<BatchCommand>& commands);

  // When TimePassed is due; nothing if no batch will be cut any more.
  std::optional<int64_t> NextTickMs() const;
  // Receivers were asked to stop and have not: ReceiversOverdue may be due.
  bool IsStoppingReceivers() const { return phase_ == Phase::kStoppingReceivers; }
  size_t queued_batches() const { return batches_.size(); }
  size_t kept_blocks() const { return blocks_.size(); }

 private:
  enum class Phase {
    kNotStarted,
    kRunning,
    kStoppingReceivers,  // a graceful stop: what they still have comes in
    kDraining,           // batches that are cut run
    kCancelling,         // an immediate stop: the batch that runs ends
    kEnded,
  };
  struct Executor {
    int cores = 1;
    std::string host;
  };
  struct Receiver {
    plan::ReceiverSpec spec;
    uint32_t epoch = 0;  // of the latest start
    std::optional<ExecutorId> executor;
    uint64_t next_block = 0;            // the least BlockId::b that is not reported yet
    std::vector<plan::BlockId> blocks;  // reported, and in no batch yet
  };

  void On(const ExecutorJoined& event);
  void On(const ExecutorLost& event);
  void On(const StreamingStarted& event);
  void On(const TimePassed& event);
  void On(const BlockReported& event);
  void On(const ReceiverReported& event);
  void On(const BlockReplicated& event);
  void On(const BatchEnded& event);
  void On(const StopRequested& event);
  void On(const ReceiversOverdue& event);

  // The receiver that reports from there; null if it was given up: nobody will read what it reports.
  Receiver* Reporting(StreamId stream, uint32_t epoch, ExecutorId executor);
  void PlaceReceivers();
  void StartReceiver(Receiver& receiver, ExecutorId executor);
  void WarnOfSingleCopies();
  void TellStored(const ReceiverReported& event);
  void TellPeers();
  template <class Message>
  void AddPeers(ExecutorId executor, Message& message) const;
  void Release(Receiver& receiver);
  void StopReceivers();
  int ReceiversOn(ExecutorId executor) const;
  bool AnyReceiverRuns() const;

  void CutBatch();
  void RunNext();
  absl::Status LocateBlocks(plan::BatchRecord& batch) const;
  void StopNow();
  void DrainIfStopped();
  void End(absl::Status status);
  void Log(bool warning, std::string text);

  const plan::StreamingRequest request_;
  const int64_t interval_ms_;
  Phase phase_ = Phase::kNotStarted;
  int64_t next_tick_ms_ = 0;
  uint64_t next_batch_ = 0;
  std::map<ExecutorId, Executor> executors_;
  std::map<StreamId, Receiver> receivers_;
  BlockTracker blocks_;
  std::deque<plan::BatchRecord> batches_;  // cut; the first one runs if running_
  bool running_ = false;
  bool warned_of_single_copies_ = false;           // and there is no second executor yet
  std::vector<BatchCommand>* commands_ = nullptr;  // during Handle()
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_BATCHES_BATCH_SCHEDULER_H_
