#ifndef MILLSTREAM_TESTS_SUPPORT_EVENT_H_
#define MILLSTREAM_TESTS_SUPPORT_EVENT_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace millstream::test {

// A count that threads wait for. Thread-safe.
class Event {
 public:
  void Add(int64_t count = 1) {
    {
      std::lock_guard lock(mutex_);
      count_ += count;
    }
    changed_.notify_all();
  }
  // Until the count is at least `count`; false after a minute.
  bool Await(int64_t count = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return count_ >= count; });
  }
  int64_t count() const {
    std::lock_guard lock(mutex_);
    return count_;
  }
  void Reset() {
    std::lock_guard lock(mutex_);
    count_ = 0;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int64_t count_ = 0;
};

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_EVENT_H_
