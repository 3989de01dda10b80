#include "executor/receivers/receiver_reports.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace millstream::executor {
namespace {

constexpr std::chrono::seconds kFirstPause{10};
constexpr std::chrono::seconds kLongestPause{60};
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

bool ReceiverReports::Warn(const std::string& what, const std::string& message) {
  const auto now = std::chrono::steady_clock::now();
  {
    std::lock_guard lock(mutex_);
    std::erase_if(warned_, [&](const auto& warned) { return now - warned.second.at >= 2 * kLongestPause; });
    if (const auto found = warned_.find(what); found != warned_.end()) {
      Warned& warned = found->second;
      if (now - warned.at < warned.pause) return false;
      warned = {now, std::min(2 * warned.pause, kLongestPause)};
    } else {
      if (warned_.size() >= kMostWarnings) return false;
      warned_[what] = {now, kFirstPause};
    }
  }
  Event(proto::ReceiverEvent::ERROR, message);
  return true;
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
