#include "executor/receivers/receiver_reports.h"

#include <memory>
#include <utility>

namespace millstream::executor {
namespace {

constexpr std::chrono::minutes kBetweenWarnings{1};

}  // namespace

void ReceiverReports::Event(proto::ReceiverEvent::Kind kind, const std::string& message) {
  auto report = std::make_shared<proto::FromExecutor>();
  proto::ReceiverEvent* event = report->add_receivers();
  event->set_stream(stream_);
  event->set_epoch(epoch_);
  event->set_kind(kind);
  event->set_message(message);
  outbox_.Post(std::move(report));
}

void ReceiverReports::Warn(const std::string& what, const std::string& message) {
  const auto now = std::chrono::steady_clock::now();
  {
    std::lock_guard lock(mutex_);
    const auto [at, first] = warned_.try_emplace(what, now);
    if (!first && now - at->second < kBetweenWarnings) return;
    at->second = now;
  }
  Event(proto::ReceiverEvent::ERROR, message);
}

}  // namespace millstream::executor
