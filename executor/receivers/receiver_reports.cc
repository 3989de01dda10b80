#include "executor/receivers/receiver_reports.h"

#include <memory>
#include <utility>

namespace millstream::executor {
namespace {

constexpr std::chrono::minutes kBetweenWarnings{1};
constexpr size_t kMostWarnings = 100;  // at a time

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
    std::erase_if(warned_, [&](const auto& warned) { return now - warned.second >= kBetweenWarnings; });
    if (warned_.size() >= kMostWarnings || !warned_.try_emplace(what, now).second) return;
  }
  Event(proto::ReceiverEvent::ERROR, message);
}

void ReceiverReports::WarnOfDropped(uint64_t count, const std::string& what,
                                    const proto::StartReceiver& settings) {
  Warn("dropped", std::to_string(count) + " " + what + " were longer than " +
                      std::to_string(settings.max_record_bytes()) +
                      " bytes and were dropped. Raise millstream.streaming.maxRecordSize to keep them.");
}

bool ReceiverReports::AwaitStored() {
  {
    std::lock_guard lock(mutex_);
    answer_.reset();
  }
  Event(proto::ReceiverEvent::STORED);
  std::unique_lock lock(mutex_);
  answered_.wait(lock, [this] { return answer_ || closed_; });
  return !closed_ && *answer_;
}

void ReceiverReports::Answer(bool stored) {
  {
    std::lock_guard lock(mutex_);
    answer_ = stored;
  }
  answered_.notify_one();
}

void ReceiverReports::Close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  answered_.notify_one();
}

}  // namespace millstream::executor
