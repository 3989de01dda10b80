#include "client/context/stream_graph.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/cli/configuration_keys.h"
#include "common/cli/errors.h"
#include "common/plan/node.h"

namespace millstream::graph {

using namespace std::chrono_literals;

namespace {

std::mutex active_mutex;
std::weak_ptr<StreamGraph> active_graph;

absl::Status Prefixed(const absl::Status& status, const std::string& prefix) {
  return absl::Status(status.code(), prefix + std::string(status.message()));
}

}  // namespace

std::shared_ptr<StreamGraph> ActiveGraph() {
  std::shared_ptr<StreamGraph> graph;
  {
    std::lock_guard lock(active_mutex);
    graph = active_graph.lock();
  }
  return graph != nullptr && graph->state() == StreamingContextState::kActive ? graph : nullptr;
}

StreamGraph::StreamGraph(std::shared_ptr<ContextCore> context, std::chrono::milliseconds interval,
                         Clock& clock)
    : context_(std::move(context)),
      interval_(interval),
      interval_text_(std::to_string(interval.count()) + " ms"),
      clock_(clock) {}

void StreamGraph::Record(const absl::Status& mistake, const Where& where) {
  const absl::Status located(mistake.code(),
                             std::string(mistake.message()) + " (at " + WhereText(where) + ")");
  std::lock_guard lock(mutex_);
  if (state_ == StreamingContextState::kInitialized) {
    if (mistake_.ok()) mistake_ = located;
  } else {
    if (late_mistake_.ok()) late_mistake_ = located;
    base::LogError(std::string(located.message()));
  }
}

std::shared_ptr<StreamNode> StreamGraph::Add(const char* operation, const Where& where) {
  auto node = std::make_shared<StreamNode>();
  node->operation = operation;
  node->where = WhereText(where);
  if (const StreamingContextState now = state(); now != StreamingContextState::kInitialized) {
    Record(absl::FailedPreconditionError(
               std::string(operation) + ": Adding new inputs, transformations, and output operations after " +
               (now == StreamingContextState::kActive ? "starting" : "stopping") +
               " a context is not supported. Build before Start()"),
           where);
    return node;
  }
  streams_.push_back(node);
  return node;
}

StreamId StreamGraph::AddReceiver(plan::ReceiverSpec receiver) {
  receiver.stream = StreamId{static_cast<uint32_t>(receivers_.size())};
  receivers_.push_back(std::move(receiver));
  return receivers_.back().stream;
}

void StreamGraph::AddOutput(const std::shared_ptr<StreamNode>& stream, const char* name, OutputFunction f,
                            const Where& where) {
  if (state() != StreamingContextState::kInitialized) {
    Add(name, where);  // records the mistake
    return;
  }
  outputs_.push_back({stream, name, WhereText(where), std::move(f)});
}

absl::StatusOr<BatchRdd> StreamGraph::RddOf(StreamNode& stream, const plan::BatchRecord& record,
                                            const Batch& batch) {
  if (stream.built_for == record.id) return stream.built;
  absl::StatusOr<BatchRdd> rdd = stream.build(record, batch);
  if (!rdd.ok()) return rdd.status();
  if (rdd->has_value()) {
    if (!stream.name.empty()) Name(**rdd, stream.name);
    if (stream.storage != StorageLevel::kNone) Persist(**rdd, stream.storage);
  }
  stream.built_for = record.id;
  stream.built = *std::move(rdd);
  return stream.built;
}

void StreamGraph::SetState(StreamingContextState state) {
  state_ = state;
  changed_.notify_all();
}

StreamingContextState StreamGraph::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

absl::Status StreamGraph::Validate() const {
  if (absl::Status status = context_->status(); !status.ok()) return status;
  if (!mistake_.ok()) return mistake_;
  if (interval_.count() < 1) {
    return absl::InvalidArgumentError("batch interval " + interval_text_ +
                                      ": it must be at least 1 ms. Pass 1s, say");
  }
  if (outputs_.empty()) {
    return absl::InvalidArgumentError(
        "StreamingContext: No output operations registered, so nothing to execute. Call Print() or "
        "ForEachRdd() on a stream");
  }
  return absl::OkStatus();
}

plan::StreamingRequest StreamGraph::Request() {
  const cli::ResolvedConfig& config = context_->config();
  plan::StreamingRequest request;
  request.interval = interval_;
  request.block_interval = std::min(*config.GetDuration(cli::keys::kBlockInterval), interval_);
  request.receiver_restart_delay = *config.GetDuration(cli::keys::kReceiverRestartDelay);
  request.graceful_timeout = config.GetDuration(cli::keys::kGracefulStopTimeout).value_or(10 * interval_);
  request.max_record_bytes = static_cast<uint64_t>(*config.GetBytes(cli::keys::kMaxRecordSize));
  request.receiver_max_rate = *config.GetInteger(cli::keys::kReceiverMaxRate);
  request.receivers = receivers_;
  request.clock = &clock_;
  request.run_batch = [this](const plan::BatchRecord& record) { return RunBatch(record); };
  return request;
}

absl::Status StreamGraph::Start() {
  std::lock_guard lock(mutex_);
  if (state_ == StreamingContextState::kActive) {
    return absl::FailedPreconditionError("StreamingContext has already been started. Start it once");
  }
  if (state_ == StreamingContextState::kStopped) {
    return absl::FailedPreconditionError("StreamingContext has already been stopped. Make a new one");
  }
  if (ActiveGraph() != nullptr) {
    return absl::FailedPreconditionError(
        "StreamingContext: Only one StreamingContext may be started in this process. Stop the running one "
        "first");
  }
  absl::Status status = Validate();
  const std::shared_ptr<client::Engine> engine = context_->engine();
  if (status.ok()) {
    plan::StreamingRequest request = Request();
    partitions_per_receiver_ = engine->PartitionsPerReceiver(request);
    status = engine->StartStreaming(std::move(request));
  }
  SetState(status.ok() ? StreamingContextState::kActive : StreamingContextState::kStopped);
  if (!status.ok()) return status;
  std::lock_guard active_lock(active_mutex);
  active_graph = weak_from_this();
  return status;
}

absl::Status StreamGraph::Stop(bool stop_context, bool graceful) {
  if (absl::Status allowed = CheckMayStop("StreamingContext"); !allowed.ok()) return allowed;
  bool was_active;
  {
    std::lock_guard lock(mutex_);
    was_active = state_ == StreamingContextState::kActive;
    if (state_ == StreamingContextState::kInitialized)
      base::LogWarning("StreamingContext has not been started yet");
    if (!was_active) SetState(StreamingContextState::kStopped);
  }
  if (was_active) {
    if (const std::shared_ptr<client::Engine> engine = context_->engine()) {
      engine->StopStreaming(graceful).IgnoreError();
      Await(std::nullopt);
    }
    std::lock_guard lock(mutex_);
    SetState(StreamingContextState::kStopped);
  }
  if (stop_context) context_->Stop();
  std::lock_guard lock(mutex_);
  return late_mistake_;
}

std::optional<absl::Status> StreamGraph::Await(std::optional<std::chrono::milliseconds> timeout) {
  const auto begin = std::chrono::steady_clock::now();
  std::shared_ptr<client::Engine> engine;
  {
    std::unique_lock lock(mutex_);
    const auto begun = [this] { return state_ != StreamingContextState::kInitialized; };
    if (!timeout) {
      changed_.wait(lock, begun);
    } else if (!changed_.wait_for(lock, *timeout, begun)) {
      return std::nullopt;
    }
    if (outcome_) return outcome_;
    if (state_ == StreamingContextState::kStopped) return absl::OkStatus();
    engine = context_->engine();
  }
  if (engine == nullptr) return context_->status();
  if (timeout) {
    const auto waited = std::chrono::steady_clock::now() - begin;
    *timeout = std::max(0ms, *timeout - std::chrono::duration_cast<std::chrono::milliseconds>(waited));
  }
  std::optional<absl::Status> outcome = engine->AwaitStreaming(timeout);
  if (!outcome) return std::nullopt;
  std::lock_guard lock(mutex_);
  if (!outcome_) outcome_ = outcome;
  return outcome_;
}

void StreamGraph::StopForSignal() {
  const bool graceful = context_->config().GetBoolean(cli::keys::kStopGracefullyOnShutdown);
  if (const std::shared_ptr<client::Engine> engine = context_->engine())
    engine->StopStreaming(graceful).IgnoreError();
}

absl::Status StreamGraph::RunBatch(const plan::BatchRecord& record) {
  Batch batch{.id = Number(record.id), .time = record.time_ms, .attempt = record.attempt, .blocks = {}};
  for (const plan::StreamInput& input : record.inputs) {
    for (const plan::BlockLocation& block : input.blocks) {
      batch.blocks.push_back({static_cast<int>(Number(input.stream)), plan::ToString(block.id), block.bytes});
    }
  }
  const BatchScope scope(batch.id, batch.time);
  absl::Status status;
  // Lineages of all outputs first, then their jobs, both in the order of registration.
  std::vector<BatchRdd> rdds;
  for (const OutputOperation& output : outputs_) {
    absl::StatusOr<BatchRdd> rdd = RddOf(*output.stream, record, batch);
    if (!rdd.ok()) {
      status = rdd.status();
      break;
    }
    rdds.push_back(*std::move(rdd));
  }
  for (size_t i = 0; status.ok() && i < outputs_.size(); ++i) {
    if (!rdds[i]) continue;
    status = outputs_[i].run(*rdds[i], batch);
    if (!status.ok())
      status = Prefixed(status, "output " + outputs_[i].name + " at " + outputs_[i].where + ": ");
  }
  for (const std::shared_ptr<StreamNode>& stream : streams_) {
    stream->built.reset();
    stream->built_for.reset();
  }
  return status;
}

}  // namespace millstream::graph
