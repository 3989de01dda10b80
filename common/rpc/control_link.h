#ifndef MILLSTREAM_COMMON_RPC_CONTROL_LINK_H_
#define MILLSTREAM_COMMON_RPC_CONTROL_LINK_H_

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/ids.h"

namespace millstream::proto {
class FromExecutor;
class ToExecutor;
}  // namespace millstream::proto

namespace millstream::rpc {

// The driver's end of its executors' control streams, and where its event loop's thread sleeps. The loop is
// the thread that holds the turn, a mutex of the driver's: all calls but Wake() and HasArrived() are made
// with it held, and so are all callbacks but `arrived`.
class DriverEndpoint {
 public:
  struct Listener {
    // The first message of an executor is its Hello.
    std::function<void(ExecutorId, std::shared_ptr<const proto::FromExecutor>)> on_message;
    // The stream ended; nothing more comes from it.
    std::function<void(ExecutorId, std::string reason)> on_closed;
    // A thread with nothing else to do has sent something: it may take the turn, if that is free, and
    // Deliver().
    std::function<void()> arrived = nullptr;
  };
  virtual ~DriverEndpoint() = default;

  virtual void Listen(Listener listener) = 0;
  // Queues a message; nothing happens if the executor is not connected. Messages of one executor arrive in
  // order.
  virtual void Send(ExecutorId executor, std::shared_ptr<const proto::ToExecutor> message) = 0;
  // Ends the stream; what the executor still sends is dropped, and on_closed is not called.
  virtual void Disconnect(ExecutorId executor) = 0;

  // Sleeps, without the turn, until woken, until `deadline`, or until at least one callback was made.
  virtual void Wait(std::unique_lock<std::mutex>& turn,
                    std::optional<std::chrono::steady_clock::time_point> deadline) = 0;
  // Ends the current or the next Wait(). Thread-safe.
  virtual void Wake() = 0;

  // Whether Deliver() has something to do. What arrives before the turn is given up by Wait() ends the wait.
  // Thread-safe.
  virtual bool HasArrived() { return false; }
  // Makes the callbacks for what has arrived, and does not sleep.
  virtual void Deliver() {}
};

enum class Sender {
  kBusy,
  kFree,  // the thread holds no lock: if the driver is in this process and idle, it does the driver's work
};

// An executor's end. Thread-safe.
class ExecutorLink {
 public:
  virtual ~ExecutorLink() = default;
  virtual void Send(std::shared_ptr<const proto::FromExecutor> message, Sender sender = Sender::kBusy) = 0;
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_CONTROL_LINK_H_
