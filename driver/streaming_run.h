#ifndef MILLSTREAM_DRIVER_STREAMING_RUN_H_
#define MILLSTREAM_DRIVER_STREAMING_RUN_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "driver/batches/batch_scheduler.h"
#include "driver/mailbox.h"

namespace millstream::driver {

// What the batch scheduler needs around it: the clock, and the thread that runs the user's functions. Used by
// the loop's thread, but for what says otherwise.
class StreamingRun {
 public:
  // `ended` is called on the thread of the batch's function when that has returned; `moved` is posted to
  // `mailbox` when a manual clock has moved.
  StreamingRun(plan::StreamingRequest request, std::shared_ptr<Mailbox> mailbox,
               std::function<void(const BatchEnded&)> ended, std::function<void()> moved);
  // Waits for the function that runs.
  ~StreamingRun();

  BatchScheduler& batches() { return batches_; }
  std::thread::id user_thread() const { return user_.get_id(); }
  int64_t NowMs() const { return request_.clock->NowMs(); }

  void Run(plan::BatchRecord batch);
  // The line about a batch that ended well.
  std::string DescribeEnd(BatchId batch) const;

  // When the clock, or a stop that takes too long, is due next.
  std::optional<std::chrono::steady_clock::time_point> NextDeadline() const;
  void BoundStop();
  bool IsStopOverdue() const;

 private:
  void ServeUser();

  const plan::StreamingRequest request_;
  const std::shared_ptr<Mailbox> mailbox_;
  const std::function<void(const BatchEnded&)> ended_;
  BatchScheduler batches_;
  std::optional<std::chrono::steady_clock::time_point> stop_by_;
  plan::BatchRecord latest_;
  std::chrono::steady_clock::time_point latest_began_;
  uint64_t subscription_ = 0;

  std::mutex mutex_;  // protects what follows
  std::condition_variable changed_;
  std::optional<plan::BatchRecord> next_;
  bool closing_ = false;

  std::thread user_;
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_STREAMING_RUN_H_
