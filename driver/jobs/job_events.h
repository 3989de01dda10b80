#ifndef MILLSTREAM_DRIVER_JOBS_JOB_EVENTS_H_
#define MILLSTREAM_DRIVER_JOBS_JOB_EVENTS_H_

#include <millstream/exec/bytes.h>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "common/base/ids.h"
#include "common/plan/block_id.h"
#include "driver/commands.h"
#include "driver/executor_events.h"
#include "driver/jobs/stage_builder.h"
#include "proto/control.pb.h"

namespace millstream::driver {

enum class JobId : uint64_t {};

// What happens to the job scheduler, besides what it is told of executors and by batches/.

struct JobSubmitted {
  JobId job{};
  NodePtr root;
  std::vector<int> partitions;
  std::string operation;  // as errors name it
  BatchId batch{};
  int64_t batch_time_ms = 0;
};

struct JobCancelled {
  JobId job{};
  absl::Status cause;
};

struct StatusesArrived {
  ExecutorId executor{};
  std::shared_ptr<const proto::FromExecutor> message;
};

// Nothing refers to the node any more: what is kept under its id can go.
struct NodeUnused {
  uint64_t node = 0;
};

struct RddUnpersisted {
  uint64_t node = 0;
};

// The driver has read a job's stored results, or wants them no more.
struct ResultsTaken {
  ExecutorId executor{};
  StageRunId run{};
};

using JobEvent = std::variant<ExecutorJoined, ExecutorLost, CoresReserved, JobSubmitted, JobCancelled,
                              StatusesArrived, NodeUnused, RddUnpersisted, BlockMoved, ResultsTaken>;

// What the job scheduler wants done.

// Outputs are kept under the node's id from now on: NodeUnused is due when it ends.
struct TieResources {
  NodePtr node;
};

struct TaskResult {
  ExecutorId executor{};
  StageRunId run{};
  int partition = 0;
  int attempt = 0;
  bool stored = false;  // at the executor, as taskresult(run, partition, attempt)
  exec::Bytes rows;     // if not stored
};

struct JobFinished {
  JobId job{};
  absl::Status status;
  std::vector<TaskResult> results;  // if ok, in the order the partitions were asked
};

using JobCommand = std::variant<SendCommand, TieResources, JobFinished>;

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_JOBS_JOB_EVENTS_H_
