#include "driver/streaming_run.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "common/base/thrown.h"

namespace millstream::driver {
namespace {

absl::Status RunUserFunction(const plan::StreamingRequest& request, const plan::BatchRecord& batch) {
  try {
    return request.run_batch(batch);
  } catch (...) {
    return absl::AbortedError("a function on the driver threw " + base::DescribeThrown().ToString());
  }
}

}  // namespace

StreamingRun::StreamingRun(plan::StreamingRequest request, std::shared_ptr<Mailbox> mailbox,
                           std::function<void(const BatchEnded&)> ended, std::function<void()> moved)
    : request_(std::move(request)),
      mailbox_(std::move(mailbox)),
      ended_(std::move(ended)),
      batches_(request_) {
  if (request_.clock->IsManual()) {
    subscription_ =
        request_.clock->Subscribe([box = mailbox_, moved = std::move(moved)] { box->Post(moved); });
  }
  user_ = std::thread([this] { ServeUser(); });
}

StreamingRun::~StreamingRun() {
  if (request_.clock->IsManual()) request_.clock->Unsubscribe(subscription_);
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  user_.join();
}

void StreamingRun::Run(plan::BatchRecord batch) {
  latest_ = batch;
  latest_began_ = std::chrono::steady_clock::now();
  {
    std::lock_guard lock(mutex_);
    next_ = std::move(batch);
  }
  changed_.notify_one();
}

std::string StreamingRun::DescribeEnd(BatchId batch) const {
  const std::chrono::duration<double> execution = std::chrono::steady_clock::now() - latest_began_;
  // The last batch of a graceful stop runs before its time.
  const double total = std::max(static_cast<double>(NowMs() - latest_.time_ms) / 1000, execution.count());
  char line[160];
  std::snprintf(line, sizeof(line), "Total delay: %.3f s for batch %llu time %lld ms (execution: %.3f s)",
                total, static_cast<unsigned long long>(Number(batch)),
                static_cast<long long>(latest_.time_ms), execution.count());
  return line;
}

std::optional<std::chrono::steady_clock::time_point> StreamingRun::NextDeadline() const {
  std::optional<std::chrono::steady_clock::time_point> deadline;
  if (batches_.IsStoppingReceivers()) deadline = stop_by_;
  const std::optional<int64_t> tick = batches_.NextTickMs();
  if (!tick || request_.clock->IsManual()) return deadline;
  // Its milliseconds have begun some time ago.
  const auto now = std::chrono::system_clock::now();
  const auto begun = now - std::chrono::floor<std::chrono::milliseconds>(now);
  const auto at = std::chrono::steady_clock::now() + std::chrono::milliseconds(*tick - NowMs()) - begun;
  return deadline && *deadline < at ? *deadline : at;
}

void StreamingRun::BoundStop() {
  if (!stop_by_) stop_by_ = std::chrono::steady_clock::now() + request_.graceful_timeout;
}

bool StreamingRun::IsStopOverdue() const {
  return stop_by_ && batches_.IsStoppingReceivers() && std::chrono::steady_clock::now() >= *stop_by_;
}

void StreamingRun::ServeUser() {
  for (;;) {
    plan::BatchRecord batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return next_ || closing_; });
      if (closing_) return;
      batch = *std::exchange(next_, std::nullopt);
    }
    ended_({batch.id, RunUserFunction(request_, batch)});
  }
}

}  // namespace millstream::driver
