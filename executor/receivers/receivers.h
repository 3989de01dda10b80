#ifndef MILLSTREAM_EXECUTOR_RECEIVERS_RECEIVERS_H_
#define MILLSTREAM_EXECUTOR_RECEIVERS_RECEIVERS_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "executor/tasks/executor_parts.h"
#include "executor/tasks/outbox.h"
#include "executor/tasks/task_slots.h"
#include "proto/control.pb.h"

namespace millstream::executor {

// The receivers that run here, each on a thread of its own and on a core taken from tasks. Thread-safe; only
// Stop blocks.
class Receivers {
 public:
  // All outlive it.
  Receivers(const ExecutorParts& parts, Outbox& outbox, TaskSlots& slots);
  ~Receivers();
  Receivers(const Receivers&) = delete;
  Receivers& operator=(const Receivers&) = delete;

  void Start(const proto::StartReceiver& settings);
  void SetPeers(const proto::ReceiverPeers& peers);
  void Answer(const proto::ReceiverStored& stored);
  // It ends with a STOPPED event, after everything it received is reported.
  void StopOne(uint32_t stream, uint32_t epoch);
  // The same for all.
  void RequestStop();
  // Ends all now; what is not stored yet is lost. Joins their threads.
  void Stop();

 private:
  class Running;

  const ExecutorParts& parts_;
  Outbox& outbox_;
  TaskSlots& slots_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Running>> running_;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_RECEIVERS_RECEIVERS_H_
