#ifndef MILLSTREAM_DRIVER_DRIVER_H_
#define MILLSTREAM_DRIVER_DRIVER_H_

#include <millstream/exec/clock.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "common/plan/node.h"
#include "common/plan/streaming.h"
#include "common/rpc/block_transport.h"
#include "common/rpc/control_link.h"

namespace millstream::driver {

// Starts and ends executor processes; what `local-cluster` and worker daemons differ in. Called from the
// driver's loop; must not block.
class ExecutorLauncher {
 public:
  virtual ~ExecutorLauncher() = default;
  virtual void Launch(ExecutorId executor) = 0;
  virtual void Kill(ExecutorId executor) = 0;
};

struct DriverOptions {
  std::string application;
  int executors = 1;  // to keep alive; 0: they are granted, by OnExecutorGranted()
  int cores_per_executor = 1;
  int max_task_failures = 4;   // 1 in local[N], F in local[N,F]
  int max_stage_attempts = 4;  // millstream.stage.maxConsecutiveAttempts
  size_t executor_memory_bytes = size_t{1} << 30;
  size_t max_result_bytes = size_t{1} << 30;
  std::chrono::milliseconds network_timeout{10'000};
  // Within which an executor that was launched says Hello, if that is longer: processes take longer to start
  // than to answer.
  std::chrono::milliseconds start_timeout{30'000};
  // Where executors are granted: how long a streaming application waits for the cores it needs, and how many
  // it can get at most (0: no bound).
  std::chrono::milliseconds grant_timeout{60'000};
  int most_cores = 0;
  std::string build_id;  // of the main module; an executor with another one is refused
};

// One action on an RDD.
struct JobRequest {
  std::shared_ptr<const plan::Node> root;
  std::vector<int> partitions;  // of root, to compute
  std::string operation;        // "Collect", as errors name it
  BatchId batch{0};
  int64_t batch_time_ms = 0;
};

struct JobResult {
  std::vector<exec::Slices> partitions;  // root's rows as root->encode writes them, in the order asked
};

using plan::BatchRecord;
using plan::ReceiverSpec;
using plan::StreamingRequest;
using plan::StreamInput;

// The driver of one application: an event loop thread over two pure state machines, jobs/ and batches/, and a
// user thread that runs the user's driver-side functions. Public calls are thread-safe; none may come from
// the loop's thread.
class Driver {
 public:
  // `endpoint`, `launcher` and `blocks` outlive the driver. `blocks` reads results from executors.
  Driver(DriverOptions options, rpc::DriverEndpoint& endpoint, ExecutorLauncher& launcher,
         rpc::BlockTransport& blocks);
  ~Driver();

  // Starts the loop and asks the launcher for the executors; returns when all have said Hello, or
  // DeadlineExceeded.
  absl::Status Start(std::chrono::milliseconds timeout);

  // Somebody grants an executor, whose id was never used; the launcher is asked to launch it.
  void OnExecutorGranted(ExecutorId executor);
  // Returns when executors with so many cores have said Hello, or DeadlineExceeded.
  absl::Status AwaitCores(int cores, std::chrono::milliseconds timeout);
  // Ends the jobs and the batches with `status`: the application cannot go on.
  void Fail(absl::Status status);

  // The process of an executor ended; `how` says why, for people, as ExecutorLost::reason does.
  void OnExecutorExited(ExecutorId executor, const std::string& how);

  // Serves the rows of collections to executors.
  rpc::BlockSource& collections();

  // Runs a job and waits for it. Jobs of several threads run side by side. The error names the operation and
  // the cause.
  absl::StatusOr<JobResult> RunJob(JobRequest request);

  // Drops an RDD's kept partitions everywhere.
  void Unpersist(const plan::Node& node);

  // Of all executors; where they are granted, the most that have been there at a time.
  int total_cores() const;
  // Tasks per receiver stream and batch.
  static int PartitionsPerReceiver(const StreamingRequest& request);

  // ResourceExhausted if there are too few cores for the receivers and one task; says how many are needed.
  // DeadlineExceeded if they are not granted in time.
  absl::Status StartStreaming(StreamingRequest request);
  // Stops the batches; with `graceful`, after everything received was processed. Returns when they stopped;
  // returns at once when they already did. A second call with graceful = false cuts a graceful stop short.
  absl::Status StopStreaming(bool graceful);
  // Until the streaming stopped or failed, or until `timeout`: nullopt then. The first failure wins.
  std::optional<absl::Status> AwaitStreaming(std::optional<std::chrono::milliseconds> timeout);

  // Ends everything: jobs that run are cancelled, executors told to shut down.
  void Stop();

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_DRIVER_H_
