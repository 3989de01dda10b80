#ifndef MILLSTREAM_CLIENT_CONTEXT_ENGINE_H_
#define MILLSTREAM_CLIENT_CONTEXT_ENGINE_H_

#include <millstream/exec/bytes.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/cli/resolved_config.h"
#include "common/plan/node.h"
#include "common/plan/streaming.h"

namespace millstream::proto {
class Bootstrap;
}  // namespace millstream::proto

namespace millstream::client {

// A job as a client asks for it.
struct Job {
  std::shared_ptr<const plan::Node> root;
  std::vector<int> partitions;
  std::string operation;
  BatchId batch{};
  int64_t batch_time_ms = 0;
};

// The driver and whatever executors its master names: the one place where the two roles meet. Thread-safe.
class Engine {
 public:
  // Returns when all executors are there, on a cluster those that are granted first. An error names what is
  // missing: DeadlineExceeded is for executors, Aborted for a master that answers, Unauthenticated for the
  // right to use it.
  static absl::StatusOr<std::unique_ptr<Engine>> Start(const cli::ResolvedConfig& config);
  virtual ~Engine() = default;

  // Encoded rows per partition, in the order asked.
  virtual absl::StatusOr<std::vector<exec::Slices>> RunJob(Job job) = 0;
  virtual void Unpersist(const plan::Node& node) = 0;
  virtual int total_cores() const = 0;
  virtual int PartitionsPerReceiver(const plan::StreamingRequest& request) const = 0;

  virtual absl::Status StartStreaming(plan::StreamingRequest request) = 0;
  virtual absl::Status StopStreaming(bool graceful) = 0;
  virtual std::optional<absl::Status> AwaitStreaming(std::optional<std::chrono::milliseconds> timeout) = 0;

  // Ends the executors and the driver. Idempotent.
  virtual void Stop() = 0;
};

// The whole life of a process that was started as an executor; returns its exit code.
int ServeExecutor(const proto::Bootstrap& bootstrap);

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_CONTEXT_ENGINE_H_
