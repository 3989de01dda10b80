#ifndef MILLSTREAM_EXECUTOR_RECEIVERS_STOP_SIGNAL_H_
#define MILLSTREAM_EXECUTOR_RECEIVERS_STOP_SIGNAL_H_

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>

namespace millstream::executor {

// "Please stop", for threads that sleep in poll(). Thread-safe.
class StopSignal {
 public:
  StopSignal() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~StopSignal() { close(fd_); }
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  void Request() {
    requested_.store(true);
    eventfd_write(fd_, 1);
  }
  bool requested() const { return requested_.load(std::memory_order_relaxed); }
  // Readable once requested.
  int fd() const { return fd_; }

  // Sleeps for `time`, or until requested: then true.
  bool WaitFor(std::chrono::milliseconds time) const {
    pollfd wait{fd_, POLLIN, 0};
    poll(&wait, 1, static_cast<int>(time.count()));
    return requested();
  }

 private:
  const int fd_;
  std::atomic<bool> requested_{false};
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_RECEIVERS_STOP_SIGNAL_H_
