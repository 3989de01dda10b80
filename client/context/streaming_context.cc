#include <millstream/streaming_context.h>

#include <utility>

#include "client/context/stream_graph.h"

namespace millstream {

StreamingContext::StreamingContext(const Config& config, std::chrono::milliseconds interval, Clock& clock)
    : own_context_(std::make_unique<Context>(config)),
      context_(own_context_.get()),
      graph_(std::make_shared<graph::StreamGraph>(context_->core(), interval, clock)) {}

StreamingContext::StreamingContext(Context& context, std::chrono::milliseconds interval, Clock& clock)
    : context_(&context), graph_(std::make_shared<graph::StreamGraph>(context.core(), interval, clock)) {}

StreamingContext::~StreamingContext() {
  if (State() == StreamingContextState::kActive) graph_->Stop(false, false).IgnoreError();
}

StreamingContextState StreamingContext::State() const { return graph_->state(); }

absl::Status StreamingContext::Start() { return graph_->Start(); }

absl::Status StreamingContext::AwaitTermination() { return *graph_->Await(std::nullopt); }

absl::StatusOr<bool> StreamingContext::AwaitTerminationOrTimeout(std::chrono::milliseconds timeout) {
  const std::optional<absl::Status> outcome = graph_->Await(timeout);
  if (!outcome) return false;
  if (!outcome->ok()) return *outcome;
  return true;
}

absl::Status StreamingContext::Stop(StopOptions options) {
  return graph_->Stop(options.stop_context, options.graceful);
}

}  // namespace millstream
