#ifndef MILLSTREAM_EXECUTOR_RECEIVERS_RECEIVER_REPORTS_H_
#define MILLSTREAM_EXECUTOR_RECEIVERS_RECEIVER_REPORTS_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "executor/tasks/outbox.h"
#include "proto/control.pb.h"

namespace millstream::executor {

// What the driver hears of one receiver. Thread-safe.
class ReceiverReports {
 public:
  ReceiverReports(Outbox& outbox, uint32_t stream, uint32_t epoch)
      : outbox_(outbox), stream_(stream), epoch_(epoch) {}

  void Event(proto::ReceiverEvent::Kind kind, const std::string& message = "");
  // An ERROR event, unless there was one about `what` within the last minute.
  void Warn(const std::string& what, const std::string& message);
  void Warn(const std::string& message) { Warn(message, message); }

  // At once.
  void Blocks(std::shared_ptr<proto::FromExecutor> message) { outbox_.Post(std::move(message)); }

 private:
  Outbox& outbox_;
  const uint32_t stream_;
  const uint32_t epoch_;
  std::mutex mutex_;
  std::map<std::string, std::chrono::steady_clock::time_point> warned_;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_RECEIVERS_RECEIVER_REPORTS_H_
