#include "executor/tasks/outbox.h"

#include <algorithm>
#include <utility>

namespace millstream::executor {
namespace {

constexpr std::chrono::milliseconds kLongestWait{1};

}  // namespace

Outbox::Outbox(Send send) : send_(std::move(send)), thread_([this] { Serve(); }) {}

void Outbox::Add(proto::TaskStatus status, bool more) {
  const Time now = std::chrono::steady_clock::now();
  bool wake = false;
  std::shared_ptr<proto::FromExecutor> full;
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    if (waiting_ == nullptr) waiting_ = std::make_shared<proto::FromExecutor>();
    *waiting_->add_statuses() = std::move(status);
    if (!more || (flush_at_ && now >= *flush_at_)) {
      full = TakeWaiting();
    } else if (!flush_at_) {
      flush_at_ = now + kLongestWait;
      wake = true;
    }
  }
  if (wake) wake_.notify_one();
  if (full != nullptr) send_(std::move(full), rpc::Sender::kFree);
}

void Outbox::Post(std::shared_ptr<proto::FromExecutor> message) {
  std::lock_guard lock(mutex_);
  if (stopped_) return;
  Flush();
  send_(std::move(message), rpc::Sender::kBusy);
}

void Outbox::SetHeartbeat(std::chrono::milliseconds interval) {
  {
    std::lock_guard lock(mutex_);
    heartbeat_ = interval;
    heartbeat_at_.reset();
    if (interval.count() > 0) heartbeat_at_ = std::chrono::steady_clock::now() + interval;
  }
  wake_.notify_one();
}

std::shared_ptr<proto::FromExecutor> Outbox::TakeWaiting() {
  flush_at_.reset();
  return std::exchange(waiting_, nullptr);
}

void Outbox::Flush() {
  if (auto statuses = TakeWaiting()) send_(std::move(statuses), rpc::Sender::kBusy);
}

void Outbox::Serve() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    std::optional<Time> next = heartbeat_at_;
    if (flush_at_) next = next ? std::min(*next, *flush_at_) : *flush_at_;
    if (next) {
      wake_.wait_until(lock, *next);
    } else {
      wake_.wait(lock);
    }
    const Time now = std::chrono::steady_clock::now();
    if (stopped_) return;
    if (flush_at_ && now >= *flush_at_) Flush();
    if (heartbeat_at_ && now >= *heartbeat_at_) {
      auto message = std::make_shared<proto::FromExecutor>();
      message->mutable_heartbeat();
      send_(std::move(message), rpc::Sender::kBusy);
      *heartbeat_at_ = now + heartbeat_;
    }
  }
}

void Outbox::Stop() {
  {
    std::lock_guard lock(mutex_);
    if (!stopped_) Flush();
    stopped_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

}  // namespace millstream::executor
