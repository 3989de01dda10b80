#include <millstream/testing.h>

#include <utility>

namespace millstream::testing {

void ManualClock::AdvanceTo(int64_t time_ms) {
  {
    std::lock_guard lock(mutex_);
    if (time_ms <= now_ms_) return;
    now_ms_ = time_ms;
  }
  std::lock_guard calling(calling_);
  for (const auto& [token, moved] : subscribers_) moved();
}

void ManualClock::AdvanceBy(std::chrono::milliseconds duration) { AdvanceTo(NowMs() + duration.count()); }

int64_t ManualClock::NowMs() const {
  std::lock_guard lock(mutex_);
  return now_ms_;
}

uint64_t ManualClock::Subscribe(std::function<void()> moved) {
  std::lock_guard calling(calling_);
  subscribers_.emplace(next_token_, std::move(moved));
  return next_token_++;
}

void ManualClock::Unsubscribe(uint64_t token) {
  std::lock_guard calling(calling_);
  subscribers_.erase(token);
}

}  // namespace millstream::testing
