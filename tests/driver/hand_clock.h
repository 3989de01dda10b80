#ifndef MILLSTREAM_TESTS_DRIVER_HAND_CLOCK_H_
#define MILLSTREAM_TESTS_DRIVER_HAND_CLOCK_H_

#include <millstream/exec/clock.h>

#include <functional>
#include <mutex>

namespace millstream::driver {

// A clock that the test moves; one subscriber.
class HandClock : public Clock {
 public:
  explicit HandClock(int64_t now_ms) : now_ms_(now_ms) {}

  int64_t NowMs() const override {
    std::lock_guard lock(mutex_);
    return now_ms_;
  }
  bool IsManual() const override { return true; }
  uint64_t Subscribe(std::function<void()> moved) override {
    std::lock_guard lock(mutex_);
    moved_ = std::move(moved);
    return 1;
  }
  void Unsubscribe(uint64_t) override {
    std::lock_guard lock(mutex_);
    moved_ = nullptr;
  }
  void MoveTo(int64_t now_ms) {
    std::unique_lock lock(mutex_);
    now_ms_ = now_ms;
    if (!moved_) return;
    const auto moved = moved_;
    lock.unlock();
    moved();
  }

 private:
  mutable std::mutex mutex_;
  int64_t now_ms_;
  std::function<void()> moved_;
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_TESTS_DRIVER_HAND_CLOCK_H_
