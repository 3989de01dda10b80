#include "common/rpc/deadline_bell.h"

#include <sys/prctl.h>

#include <utility>

namespace millstream::rpc {

using std::chrono::steady_clock;

DeadlineBell::DeadlineBell(std::function<void()> ring)
    : ring_(std::move(ring)), thread_([this] { Loop(); }) {}

DeadlineBell::~DeadlineBell() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void DeadlineBell::Set(steady_clock::time_point time) {
  {
    std::lock_guard lock(mutex_);
    if (time >= next_) return;
    next_ = time;
  }
  changed_.notify_one();
}

void DeadlineBell::Loop() {
  prctl(PR_SET_TIMERSLACK, 1);  // nanosecond; it is 50 us otherwise
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (next_ == steady_clock::time_point::max()) {
      changed_.wait(lock);
    } else if (steady_clock::now() < next_) {
      changed_.wait_until(lock, next_);
    } else {
      next_ = steady_clock::time_point::max();
      lock.unlock();
      ring_();
      lock.lock();
    }
  }
}

}  // namespace millstream::rpc
