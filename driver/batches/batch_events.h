#ifndef MILLSTREAM_DRIVER_BATCHES_BATCH_EVENTS_H_
#define MILLSTREAM_DRIVER_BATCHES_BATCH_EVENTS_H_

#include <cstdint>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "common/base/ids.h"
#include "common/plan/block_id.h"
#include "common/plan/streaming.h"
#include "driver/commands.h"
#include "driver/executor_events.h"

namespace millstream::driver {

// What happens to the batch scheduler, besides executors that join and are lost.

// The executors that are there have joined; receivers may start.
struct StreamingStarted {
  int64_t now_ms = 0;
};

struct TimePassed {
  int64_t now_ms = 0;
};

// A receiver's block is stored, and copied if it was to be.
struct BlockReported {
  ExecutorId executor{};
  uint32_t epoch = 0;  // of the receiver
  plan::BlockLocation block;
};

struct ReceiverReported {
  enum class Kind { kStarted, kConnected, kStopped, kError, kNote, kStored };
  StreamId stream{};
  uint32_t epoch = 0;
  Kind kind = Kind::kStarted;
  std::string message;
  ExecutorId executor{};  // where it runs, or ran
};

// The end of a copy that was asked for.
struct BlockReplicated {
  plan::BlockId block;
  ExecutorId to{};
  bool ok = false;
};

struct BatchEnded {
  BatchId batch{};
  absl::Status status;
};

struct StopRequested {
  bool graceful = false;
};

// Receivers had the time they may take to stop.
struct ReceiversOverdue {};

using BatchEvent =
    std::variant<ExecutorJoined, ExecutorLost, StreamingStarted, TimePassed, BlockReported, ReceiverReported,
                 BlockReplicated, BatchEnded, StopRequested, ReceiversOverdue>;

// What the batch scheduler wants done. One batch runs at a time.

struct RunBatch {
  plan::BatchRecord batch;
};

// Ends the jobs of the batch that runs; its BatchEnded is still due.
struct CancelBatches {};

struct LogLine {
  bool warning = false;
  std::string text;
};

// Nothing comes after it.
struct StreamingEnded {
  absl::Status status;
};

using BatchCommand =
    std::variant<SendCommand, CoresReserved, BlockMoved, RunBatch, CancelBatches, LogLine, StreamingEnded>;

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_BATCHES_BATCH_EVENTS_H_
