#ifndef MILLSTREAM_EXECUTOR_RECEIVERS_RECEIVER_H_
#define MILLSTREAM_EXECUTOR_RECEIVERS_RECEIVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "executor/receivers/received_blocks.h"
#include "executor/receivers/receiver_reports.h"
#include "executor/receivers/stop_signal.h"
#include "executor/tasks/executor_parts.h"
#include "proto/control.pb.h"

namespace millstream::executor {

// What a receiver works with. All of it outlives the receiver.
struct ReceiverParts {
  const proto::StartReceiver& settings;
  const ExecutorParts& executor;
  ReceivedBlocks& blocks;
  ReceiverReports& reports;
  const StopSignal& stop;
};

// Where the rows of one stream come from. Used by one thread.
class Receiver {
 public:
  virtual ~Receiver() = default;

  // Receives until asked to stop, or until it fails or its source ends: then says why, and may be called
  // again. What it received whole is added and reported when it returns.
  virtual std::string Receive() = 0;
};

// The receiver that `parts.settings` name.
absl::StatusOr<std::unique_ptr<Receiver>> MakeReceiver(const ReceiverParts& parts);

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_RECEIVERS_RECEIVER_H_
