#ifndef MILLSTREAM_COMMON_RPC_LISTENER_H_
#define MILLSTREAM_COMMON_RPC_LISTENER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "common/rpc/listen_address.h"

namespace millstream::rpc {

// A TCP port and the connections that come to it. It never gives up: while the process has few files left, a
// connection is closed as soon as it came, so that the last quarter of them is the process's own.
class Listener {
 public:
  // Owns the connection it is given, which does not block. Called on the listener's thread.
  using Take = std::function<void(int connection)>;

  // AlreadyExists: the port is in use; FailedPrecondition: anything else is in the way. The message is the
  // cause.
  static absl::StatusOr<std::unique_ptr<Listener>> Bind(const ListenAddress& address);
  // No connection is taken any more after it.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }
  // At most once. Until then connections wait.
  void Start(Take take);

 private:
  Listener(int listening, int stop, int port) : listening_(listening), stop_(stop), port_(port) {}
  void Loop(const Take& take);
  // Of those that have come. False if the next one cannot be accepted for now.
  bool AcceptSome(const Take& take);
  // Once a minute at most.
  void Warn(const std::string& cause);

  const int listening_;
  const int stop_;  // an eventfd
  const int port_;
  std::optional<std::chrono::steady_clock::time_point> warned_;
  std::thread thread_;
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_LISTENER_H_
