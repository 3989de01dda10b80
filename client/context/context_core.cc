#include "client/context/context_core.h"

#include <mutex>
#include <utility>

#include "client/context/executor_request.h"
#include "common/base/file_limit.h"
#include "common/base/logging.h"
#include "common/cli/configuration_keys.h"
#include "common/cli/values.h"

namespace millstream::graph {
namespace {

std::atomic<ContextCore*> live_context{nullptr};
thread_local const BatchScope* current_batch = nullptr;

}  // namespace

ContextCore::ContextCore(absl::StatusOr<cli::ResolvedConfig> config) {
  if (!config.ok()) {
    status_ = config.status();
    return;
  }
  config_ = *std::move(config);
  if (!BecomeLive()) return;
  if (config_.GetMaster().kind != cli::MasterUrl::Kind::kLocal) {  // It has ports, and strangers may come.
    static std::once_flag looked_at_files;
    std::call_once(looked_at_files, base::WarnOfFewFiles);
  }
  if (const std::string ignored = client::IgnoredText(config_); !ignored.empty()) base::LogWarning(ignored);
  absl::StatusOr<std::unique_ptr<client::Engine>> engine = client::Engine::Start(config_);
  if (!engine.ok()) {
    status_ = engine.status();
    live_context = nullptr;
    return;
  }
  engine_ = *std::move(engine);
  base::LogInfo(config_.Get(cli::keys::kAppName) + " runs on " + config_.Get(cli::keys::kMaster) + " with " +
                cli::Counted(static_cast<uint64_t>(engine_->total_cores()), "core"));
}

ContextCore::ContextCore(cli::ResolvedConfig config, std::unique_ptr<client::Engine> engine)
    : config_(std::move(config)) {
  if (BecomeLive()) engine_ = std::move(engine);
}

ContextCore::~ContextCore() { Stop(); }

bool ContextCore::BecomeLive() {
  ContextCore* none = nullptr;
  if (live_context.compare_exchange_strong(none, this)) return true;
  status_ = absl::FailedPreconditionError(
      "Context: another one runs in this process. Stop it first: one Context per process lives at a time");
  return false;
}

absl::Status ContextCore::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

std::shared_ptr<client::Engine> ContextCore::engine() const {
  std::lock_guard lock(mutex_);
  return engine_;
}

int ContextCore::configured_parallelism() const {
  return static_cast<int>(config_.GetInteger(cli::keys::kDefaultParallelism).value_or(0));
}

int ContextCore::default_parallelism() const {
  if (const int configured = configured_parallelism(); configured > 0) return configured;
  const std::shared_ptr<client::Engine> running = engine();
  return running == nullptr ? 1 : running->total_cores();
}

absl::StatusOr<std::vector<exec::Slices>> ContextCore::RunJob(client::Job job) {
  const std::shared_ptr<client::Engine> running = engine();
  if (running == nullptr) return status();
  if (const BatchScope* batch = CurrentBatch()) {
    job.batch = BatchId{batch->id};
    job.batch_time_ms = batch->time_ms;
  }
  return running->RunJob(std::move(job));
}

void ContextCore::Unpersist(const plan::Node& node) {
  if (const std::shared_ptr<client::Engine> running = engine()) running->Unpersist(node);
}

void ContextCore::Stop() {
  if (const absl::Status allowed = CheckMayStop("Context"); !allowed.ok())
    return base::LogError(std::string(allowed.message()));
  std::shared_ptr<client::Engine> ending;
  {
    std::lock_guard lock(mutex_);
    if (engine_ == nullptr) return;
    ending = std::move(engine_);
    status_ = absl::FailedPreconditionError("Context: it was stopped. Make a new one");
  }
  ending->Stop();
  ending.reset();
  live_context = nullptr;
}

BatchScope::BatchScope(uint64_t batch_id, int64_t batch_time_ms) : id(batch_id), time_ms(batch_time_ms) {
  current_batch = this;
}
BatchScope::~BatchScope() { current_batch = nullptr; }
const BatchScope* CurrentBatch() { return current_batch; }

absl::Status CheckMayStop(const std::string& thing) {
  if (CurrentBatch() == nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(thing +
                                       ": Stop() was called by a batch's own function, which it would wait "
                                       "for. Call it from another thread");
}

}  // namespace millstream::graph
