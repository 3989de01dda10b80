#ifndef MILLSTREAM_CLIENT_CONTEXT_CONTEXT_CORE_H_
#define MILLSTREAM_CLIENT_CONTEXT_CONTEXT_CORE_H_

#include <millstream/exec/bytes.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/context/engine.h"
#include "common/cli/resolved_config.h"

namespace millstream::graph {

// What RDDs and streams share of their Context; lives as long as any of them does, runs until Stop().
class ContextCore {
 public:
  explicit ContextCore(absl::StatusOr<cli::ResolvedConfig> config);
  // On an engine that runs already.
  ContextCore(cli::ResolvedConfig config, std::unique_ptr<client::Engine> engine);
  ~ContextCore();

  // OK, or why nothing can run: the configuration, missing executors, stopped.
  absl::Status status() const;
  const cli::ResolvedConfig& config() const { return config_; }
  int default_parallelism() const;
  // The configured default parallelism; 0: not set.
  int configured_parallelism() const;

  absl::StatusOr<std::vector<exec::Slices>> RunJob(client::Job job);
  void Unpersist(const plan::Node& node);
  // Null unless status() is OK.
  std::shared_ptr<client::Engine> engine() const;
  void Stop();

 private:
  // True if no other context lives in this process; it is this one then.
  bool BecomeLive();

  cli::ResolvedConfig config_;  // constant after construction
  mutable std::mutex mutex_;    // protects everything below
  absl::Status status_;
  std::shared_ptr<client::Engine> engine_;
};

// The batch whose functions run on this thread, so that its jobs carry its id. Null outside.
struct BatchScope {
  BatchScope(uint64_t id, int64_t time_ms);
  ~BatchScope();
  uint64_t id;
  int64_t time_ms;
};
const BatchScope* CurrentBatch();
// FailedPrecondition if it is a batch's own function that stops `thing`.
absl::Status CheckMayStop(const std::string& thing);

}  // namespace millstream::graph

#endif  // MILLSTREAM_CLIENT_CONTEXT_CONTEXT_CORE_H_
