#ifndef MILLSTREAM_DRIVER_MAILBOX_H_
#define MILLSTREAM_DRIVER_MAILBOX_H_

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace millstream::driver {

// What other threads want done on the loop's thread. Who posts waits for an answer or ends an object, so that
// what is queued is bounded by the threads and objects there are. Thread-safe.
class Mailbox {
 public:
  using Task = std::function<void()>;

  // `wake` ends the loop's sleep.
  explicit Mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  // False if the loop has ended: the task is dropped.
  bool Post(Task task) {
    std::lock_guard lock(mutex_);
    if (closed_) return false;
    tasks_.push_back(std::move(task));
    if (tasks_.size() == 1) wake_();
    return true;
  }

  bool IsEmpty() const {
    std::lock_guard lock(mutex_);
    return tasks_.empty();
  }

  std::vector<Task> Drain() {
    std::lock_guard lock(mutex_);
    return std::exchange(tasks_, {});
  }

  // What was posted before is still returned; `wake` is not called any more once this has returned.
  std::vector<Task> Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    return std::exchange(tasks_, {});
  }

 private:
  const std::function<void()> wake_;
  mutable std::mutex mutex_;  // protects what follows
  std::vector<Task> tasks_;
  bool closed_ = false;
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_MAILBOX_H_
