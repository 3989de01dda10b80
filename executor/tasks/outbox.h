#ifndef MILLSTREAM_EXECUTOR_TASKS_OUTBOX_H_
#define MILLSTREAM_EXECUTOR_TASKS_OUTBOX_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "common/rpc/control_link.h"
#include "proto/control.pb.h"

namespace millstream::executor {

// What goes to the driver. Statuses of tasks wait for each other for at most a millisecond; heartbeats go
// from a thread of its own, which also sends statuses that would wait longer. Thread-safe.
class Outbox {
 public:
  using Send = std::function<void(std::shared_ptr<const proto::FromExecutor>, rpc::Sender)>;
  // `send` must not block.
  explicit Outbox(Send send);
  ~Outbox() { Stop(); }
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // `more`: tasks wait for this thread, so that there will be more statuses soon. The caller holds no lock.
  void Add(proto::TaskStatus status, bool more);
  // At once, after every status added before.
  void Post(std::shared_ptr<proto::FromExecutor> message);

  // From now on, every `interval`.
  void SetHeartbeat(std::chrono::milliseconds interval);

  // Sends what waits; nothing is sent afterwards.
  void Stop();

 private:
  using Time = std::chrono::steady_clock::time_point;
  void Serve();
  std::shared_ptr<proto::FromExecutor> TakeWaiting();
  void Flush();

  const Send send_;
  std::mutex mutex_;  // held while sending, which keeps messages in order; a task's own thread need not care
  std::condition_variable wake_;
  std::shared_ptr<proto::FromExecutor> waiting_;  // statuses; null: none
  std::optional<Time> flush_at_;
  std::optional<Time> heartbeat_at_;
  std::chrono::milliseconds heartbeat_{0};
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_TASKS_OUTBOX_H_
