#ifndef MILLSTREAM_EXECUTOR_RECEIVERS_RECEIVER_REPORTS_H_
#define MILLSTREAM_EXECUTOR_RECEIVERS_RECEIVER_REPORTS_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "executor/tasks/outbox.h"
#include "proto/control.pb.h"

namespace millstream::executor {

// What the driver hears of one receiver, and answers. Thread-safe.
class ReceiverReports {
 public:
  ReceiverReports(Outbox& outbox, uint32_t stream, uint32_t epoch)
      : outbox_(outbox), stream_(stream), epoch_(epoch) {}

  void Event(proto::ReceiverEvent::Kind kind, const std::string& message = "");
  // An ERROR event, unless there was one about `what` just now, or there were too many about other things.
  // What goes on is told after 10 s, 20 s, 40 s, and then once a minute. True if it was told now.
  bool Warn(const std::string& what, const std::string& message);
  bool Warn(const std::string& message) { return Warn(message, message); }
  // `what` were longer than the settings' max_record_bytes.
  void WarnOfDropped(uint64_t count, const std::string& what, const proto::StartReceiver& settings);

  // At once.
  void Blocks(std::shared_ptr<proto::FromExecutor> message) { outbox_.Post(std::move(message)); }

  // Asks the driver if it knows the blocks reported so far, and waits for its answer; false once closed. One
  // thread at a time.
  bool AwaitStored();
  void Answer(bool stored);
  // No answer will come any more.
  void Close();

 private:
  struct Warned {
    std::chrono::steady_clock::time_point at;
    std::chrono::seconds pause;  // until it may be told again
  };

  Outbox& outbox_;
  const uint32_t stream_;
  const uint32_t epoch_;
  std::mutex mutex_;  // protects what follows
  std::map<std::string, Warned> warned_;
  std::condition_variable answered_;
  std::optional<bool> answer_;
  bool closed_ = false;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_RECEIVERS_RECEIVER_REPORTS_H_
