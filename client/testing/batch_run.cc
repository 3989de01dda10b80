#include <millstream/exec/builtin_kernels.h>
#include <millstream/testing.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <utility>

#include "common/cli/configuration_keys.h"

namespace millstream::testing {
namespace {

Config ConfigOf(const RunBatchesOptions& options) {
  Config config;
  std::string master = options.master;
  if (master.empty()) {
    const char* const asked = std::getenv("MILLSTREAM_TEST_MASTER");
    master = asked != nullptr ? asked : "local[2]";
  }
  config.SetMaster(master)
      .SetAppName("RunBatches")
      .Set(cli::keys::kSmallChunks, "true")
      .Set(cli::keys::kLogLevel, "warning");
  for (const auto& [key, value] : options.config.values()) config.Set(key, value);
  return config;
}

}  // namespace

struct BatchRun::Progress {
  std::mutex mutex;
  std::condition_variable changed;
  uint64_t done = 0;
};

BatchRun::BatchRun(const RunBatchesOptions& options)
    : interval_(options.batch_interval),
      ssc_(std::make_unique<StreamingContext>(ConfigOf(options), options.batch_interval, clock_)),
      progress_(std::make_shared<Progress>()) {}

BatchRun::~BatchRun() { ssc_->Stop().IgnoreError(); }

absl::Status BatchRun::Run(int num_batches) {
  // Outputs run in order: this one, registered last, sees every batch end, even one without an RDD elsewhere.
  const auto where = graph::Where::current();
  const graph::Rdd nothing = ssc_->context().EmptyRdd<int64_t>(where).untyped();
  const graph::Stream ends = graph::QueueSource(
      ssc_->graph(), [nothing](const Batch&) { return std::optional<graph::Rdd>(nothing); }, where);
  graph::Output(
      ends, "RunBatches",
      [progress = progress_](const graph::Rdd&, const Batch& batch) {
        std::lock_guard lock(progress->mutex);
        progress->done = batch.id + 1;
        progress->changed.notify_all();
        return absl::OkStatus();
      },
      where);
  if (absl::Status status = ssc_->Start(); !status.ok()) return status;
  for (int batch = 0; batch < num_batches; ++batch) {
    clock_.AdvanceBy(interval_);
    const auto ended = [this, batch] { return progress_->done > static_cast<uint64_t>(batch); };
    std::unique_lock lock(progress_->mutex);
    while (!progress_->changed.wait_for(lock, std::chrono::milliseconds(20), ended)) {
      const absl::StatusOr<bool> stopped = ssc_->AwaitTerminationOrTimeout(std::chrono::milliseconds(0));
      if (!stopped.ok()) return stopped.status();
      if (*stopped) return absl::CancelledError("RunBatches: stopped before batch " + std::to_string(batch));
    }
  }
  return absl::OkStatus();
}

}  // namespace millstream::testing
