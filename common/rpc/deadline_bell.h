#ifndef MILLSTREAM_COMMON_RPC_DEADLINE_BELL_H_
#define MILLSTREAM_COMMON_RPC_DEADLINE_BELL_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace millstream::rpc {

// Rings at a time to within some ten microseconds. For those who sleep in a completion queue, which counts in
// whole milliseconds and is up to two of them late.
class DeadlineBell {
 public:
  // `ring` is called on the bell's own thread.
  explicit DeadlineBell(std::function<void()> ring);
  ~DeadlineBell();

  // Rings at `time`, or before, when it was set to an earlier one that has not passed. Thread-safe.
  void Set(std::chrono::steady_clock::time_point time);

 private:
  void Loop();

  const std::function<void()> ring_;
  std::mutex mutex_;  // protects everything below
  std::condition_variable changed_;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::time_point::max();
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_DEADLINE_BELL_H_
