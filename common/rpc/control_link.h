#ifndef MILLSTREAM_COMMON_RPC_CONTROL_LINK_H_
#define MILLSTREAM_COMMON_RPC_CONTROL_LINK_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/ids.h"

namespace millstream::proto {
class FromExecutor;
class ToExecutor;
}  // namespace millstream::proto

namespace millstream::rpc {

// The driver's end of its executors' control streams, and where its event loop's thread sleeps. All calls but
// Wake() come from the loop's thread; so do all callbacks, from within Wait().
class DriverEndpoint {
 public:
  struct Listener {
    // The first message of an executor is its Hello.
    std::function<void(ExecutorId, std::shared_ptr<const proto::FromExecutor>)> on_message;
    // The stream ended; nothing more comes from it.
    std::function<void(ExecutorId, std::string reason)> on_closed;
  };
  virtual ~DriverEndpoint() = default;

  virtual void Listen(Listener listener) = 0;
  // Queues a message; nothing happens if the executor is not connected. Messages of one executor arrive in
  // order.
  virtual void Send(ExecutorId executor, std::shared_ptr<const proto::ToExecutor> message) = 0;
  // Ends the stream; what the executor still sends is dropped, and on_closed is not called.
  virtual void Disconnect(ExecutorId executor) = 0;

  // Sleeps until woken, until `deadline`, or until at least one callback was made.
  virtual void Wait(std::optional<std::chrono::steady_clock::time_point> deadline) = 0;
  // Ends the current or the next Wait(). Thread-safe.
  virtual void Wake() = 0;
};

// An executor's end. Thread-safe.
class ExecutorLink {
 public:
  virtual ~ExecutorLink() = default;
  virtual void Send(std::shared_ptr<const proto::FromExecutor> message) = 0;
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_CONTROL_LINK_H_
