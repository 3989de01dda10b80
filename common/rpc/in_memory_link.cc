#include "common/rpc/in_memory_link.h"

#include <utility>

#include "proto/control.pb.h"

namespace millstream::rpc {

class InMemoryEndpoint::Link : public ExecutorLink {
 public:
  Link(InMemoryEndpoint& endpoint, ExecutorId executor, std::shared_ptr<Peer> peer)
      : endpoint_(endpoint), executor_(executor), peer_(std::move(peer)) {}

  void Send(std::shared_ptr<const proto::FromExecutor> message, Sender sender) override {
    endpoint_.FromExecutor(executor_, peer_, std::move(message), sender);
  }

 private:
  InMemoryEndpoint& endpoint_;
  const ExecutorId executor_;
  const std::shared_ptr<Peer> peer_;
};

void InMemoryEndpoint::Intercept(Interceptor interceptor) {
  interceptor_ = std::move(interceptor);
  intercepted_ = true;
}

std::shared_ptr<ExecutorLink> InMemoryEndpoint::Attach(ExecutorId executor, OnMessage on_message) {
  auto peer = std::make_shared<Peer>();
  peer->on_message = std::move(on_message);
  std::lock_guard lock(mutex_);
  peers_[executor] = peer;
  return std::make_shared<Link>(*this, executor, std::move(peer));
}

void InMemoryEndpoint::Detach(ExecutorId executor, std::string reason) {
  std::shared_ptr<Peer> peer = Find(executor);
  if (peer == nullptr) return;
  {
    std::lock_guard delivering(peer->delivering);
    peer->on_message = nullptr;
  }
  Post({.kind = Event::Kind::kClosed,
        .executor = executor,
        .peer = std::move(peer),
        .reason = std::move(reason)});
}

void InMemoryEndpoint::Listen(Listener listener) { listener_ = std::move(listener); }

void InMemoryEndpoint::Send(ExecutorId executor, std::shared_ptr<const proto::ToExecutor> message) {
  std::shared_ptr<Peer> peer = Find(executor);
  if (peer == nullptr) return;
  if (!intercepted_) {
    Handle({.kind = Event::Kind::kToExecutor,
            .executor = executor,
            .peer = std::move(peer),
            .to = std::move(message)});
    return;
  }
  std::vector<std::string> encodings{message->SerializeAsString()};
  if (interceptor_.to_executor) encodings = interceptor_.to_executor(executor, std::move(encodings.front()));
  for (const std::string& encoded : encodings) {
    auto copy = std::make_shared<proto::ToExecutor>();
    if (!copy->ParseFromString(encoded)) return Detach(executor, "a damaged message");
    Handle({.kind = Event::Kind::kToExecutor, .executor = executor, .peer = peer, .to = std::move(copy)});
  }
}

void InMemoryEndpoint::InjectToExecutor(ExecutorId executor, std::string encoded) {
  auto message = std::make_shared<proto::ToExecutor>();
  if (!message->ParseFromString(encoded)) return Detach(executor, "a damaged message");
  if (std::shared_ptr<Peer> peer = Find(executor)) {
    Post({.kind = Event::Kind::kToExecutor,
          .executor = executor,
          .peer = std::move(peer),
          .to = std::move(message)});
  }
}

void InMemoryEndpoint::InjectToDriver(ExecutorId executor, std::string encoded) {
  if (std::shared_ptr<Peer> peer = Find(executor)) PostEncodedToDriver(executor, peer, encoded);
}

void InMemoryEndpoint::FromExecutor(ExecutorId executor, const std::shared_ptr<Peer>& peer,
                                    std::shared_ptr<const proto::FromExecutor> message, Sender sender) {
  if (!intercepted_) {
    Post({.kind = Event::Kind::kFromExecutor, .executor = executor, .peer = peer, .from = std::move(message)},
         sender);
    return;
  }
  std::vector<std::string> encodings{message->SerializeAsString()};
  if (interceptor_.to_driver) encodings = interceptor_.to_driver(executor, std::move(encodings.front()));
  for (const std::string& encoded : encodings) PostEncodedToDriver(executor, peer, encoded, sender);
}

void InMemoryEndpoint::PostEncodedToDriver(ExecutorId executor, const std::shared_ptr<Peer>& peer,
                                           const std::string& encoded, Sender sender) {
  auto message = std::make_shared<proto::FromExecutor>();
  if (!message->ParseFromString(encoded)) {
    Post({.kind = Event::Kind::kClosed, .executor = executor, .peer = peer, .reason = "a damaged message"});
    return;
  }
  Post({.kind = Event::Kind::kFromExecutor, .executor = executor, .peer = peer, .from = std::move(message)},
       sender);
}

void InMemoryEndpoint::Disconnect(ExecutorId executor) {
  std::lock_guard lock(mutex_);
  peers_.erase(executor);
}

void InMemoryEndpoint::Wait(std::unique_lock<std::mutex>& turn,
                            std::optional<std::chrono::steady_clock::time_point> deadline) {
  const auto ready = [this] { return woken_ || !events_.empty(); };
  turn.unlock();
  {
    std::unique_lock lock(mutex_);
    if (deadline) {
      posted_.wait_until(lock, *deadline, ready);
    } else {
      posted_.wait(lock, ready);
    }
    woken_ = false;
  }
  turn.lock();
  Deliver();
}

bool InMemoryEndpoint::HasArrived() {
  std::lock_guard lock(mutex_);
  return !events_.empty();
}

void InMemoryEndpoint::Deliver() {
  std::deque<Event> events;
  {
    std::lock_guard lock(mutex_);
    events.swap(events_);
  }
  for (Event& event : events) Handle(std::move(event));
}

void InMemoryEndpoint::Wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  posted_.notify_one();
}

std::shared_ptr<InMemoryEndpoint::Peer> InMemoryEndpoint::Find(ExecutorId executor) {
  std::lock_guard lock(mutex_);
  const auto found = peers_.find(executor);
  return found == peers_.end() ? nullptr : found->second;
}

void InMemoryEndpoint::Post(Event event, Sender sender) {
  {
    std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  if (sender == Sender::kFree && listener_.arrived) {
    listener_.arrived();
  } else {
    posted_.notify_one();
  }
}

void InMemoryEndpoint::Handle(Event event) {
  // What a disconnected executor sent, or was sent, before is dropped.
  if (Find(event.executor) != event.peer) return;
  switch (event.kind) {
    case Event::Kind::kFromExecutor:
      listener_.on_message(event.executor, std::move(event.from));
      return;
    case Event::Kind::kToExecutor: {
      std::lock_guard delivering(event.peer->delivering);
      if (event.peer->on_message) event.peer->on_message(std::move(event.to));
      return;
    }
    case Event::Kind::kClosed:
      Disconnect(event.executor);
      listener_.on_closed(event.executor, std::move(event.reason));
      return;
  }
}

}  // namespace millstream::rpc
