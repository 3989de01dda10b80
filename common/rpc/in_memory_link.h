#ifndef MILLSTREAM_COMMON_RPC_IN_MEMORY_LINK_H_
#define MILLSTREAM_COMMON_RPC_IN_MEMORY_LINK_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/rpc/control_link.h"

namespace millstream::rpc {

// Control streams within one process: messages are handed over by pointer. Executors get theirs on the loop's
// thread, from within the driver's Send(). Outlives the links it gives out; a Sender::kFree ends before its
// Listener does.
class InMemoryEndpoint : public DriverEndpoint {
 public:
  using OnMessage = std::function<void(std::shared_ptr<const proto::ToExecutor>)>;

  // For tests. Once set, every message travels encoded, and what the function returns is delivered in its
  // place: nothing drops it, the same one twice duplicates it. What it keeps can be delivered later by
  // Inject*(). An encoding that does not parse ends the stream. Called from any thread, possibly several at
  // once.
  struct Interceptor {
    std::function<std::vector<std::string>(ExecutorId, std::string)> to_executor;
    std::function<std::vector<std::string>(ExecutorId, std::string)> to_driver;
  };

  // An absent function of `interceptor` passes messages on, encoded and decoded. Set before anything is
  // attached.
  void Intercept(Interceptor interceptor);
  // Thread-safe; delivered by the loop's thread in its next Wait().
  void InjectToExecutor(ExecutorId executor, std::string encoded);
  void InjectToDriver(ExecutorId executor, std::string encoded);

  // Connects an executor; thread-safe. `on_message` must not block, and must not call Attach() or Detach().
  std::shared_ptr<ExecutorLink> Attach(ExecutorId executor, OnMessage on_message);
  // The executor is gone: the driver is told once it has read what was sent before, and `on_message` is
  // neither running nor called again after the return. Thread-safe.
  void Detach(ExecutorId executor, std::string reason);

  void Listen(Listener listener) override;
  void Send(ExecutorId executor, std::shared_ptr<const proto::ToExecutor> message) override;
  void Disconnect(ExecutorId executor) override;
  void Wait(std::unique_lock<std::mutex>& turn,
            std::optional<std::chrono::steady_clock::time_point> deadline) override;
  void Wake() override;
  bool HasArrived() override;
  void Deliver() override;

 private:
  class Link;
  struct Peer {
    std::mutex delivering;  // held during `on_message`
    OnMessage on_message;   // empty: detached
  };
  struct Event {
    enum class Kind { kFromExecutor, kToExecutor, kClosed };
    Kind kind;
    ExecutorId executor;
    std::shared_ptr<Peer> peer;
    std::shared_ptr<const proto::FromExecutor> from = nullptr;
    std::shared_ptr<const proto::ToExecutor> to = nullptr;
    std::string reason = "";
  };

  std::shared_ptr<Peer> Find(ExecutorId executor);
  void Post(Event event, Sender sender = Sender::kBusy);
  void FromExecutor(ExecutorId executor, const std::shared_ptr<Peer>& peer,
                    std::shared_ptr<const proto::FromExecutor> message, Sender sender);
  void PostEncodedToDriver(ExecutorId executor, const std::shared_ptr<Peer>& peer, const std::string& encoded,
                           Sender sender = Sender::kBusy);
  void Handle(Event event);

  Listener listener_;         // constant once something is sent
  Interceptor interceptor_;   // constant after construction
  bool intercepted_ = false;  // likewise

  std::mutex mutex_;  // protects everything below
  std::condition_variable posted_;
  std::map<ExecutorId, std::shared_ptr<Peer>> peers_;
  std::deque<Event> events_;
  bool woken_ = false;
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_IN_MEMORY_LINK_H_
