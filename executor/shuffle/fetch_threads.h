#ifndef MILLSTREAM_EXECUTOR_SHUFFLE_FETCH_THREADS_H_
#define MILLSTREAM_EXECUTOR_SHUFFLE_FETCH_THREADS_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace millstream::executor {

// A few threads for calls that wait for a peer; started when they are first needed. Thread-safe.
class FetchThreads {
 public:
  explicit FetchThreads(size_t most) : most_(most) {}
  ~FetchThreads() { Stop(); }
  FetchThreads(const FetchThreads&) = delete;
  FetchThreads& operator=(const FetchThreads&) = delete;

  // Calls `work` on one of the threads, in the order of the calls.
  void Run(std::function<void()> work);

  // Waits for the calls that run and forgets the others. Run does nothing from here on.
  void Stop();

 private:
  void Serve();

  const size_t most_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;
  bool stopped_ = false;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_SHUFFLE_FETCH_THREADS_H_
