#include "executor/shuffle/fetch_threads.h"

#include <utility>

namespace millstream::executor {

void FetchThreads::Run(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    queue_.push_back(std::move(work));
    if (idle_ < queue_.size() && threads_.size() < most_) threads_.emplace_back([this] { Serve(); });
  }
  wake_.notify_one();
}

void FetchThreads::Serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    --idle_;
    if (stopped_) return;
    std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
}

void FetchThreads::Stop() {
  std::vector<std::thread> threads;
  std::deque<std::function<void()>> forgotten;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    threads.swap(threads_);
    forgotten.swap(queue_);
  }
  wake_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace millstream::executor
