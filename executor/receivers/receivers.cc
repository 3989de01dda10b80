#include "executor/receivers/receivers.h"

#include <atomic>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include "executor/receivers/received_blocks.h"
#include "executor/receivers/receiver_reports.h"
#include "executor/receivers/socket_text.h"
#include "executor/receivers/stop_signal.h"

namespace millstream::executor {

class Receivers::Running {
 public:
  Running(const ExecutorParts& parts, Outbox& outbox, TaskSlots& slots, const proto::StartReceiver& settings)
      : parts_(parts),
        slots_(slots),
        settings_(settings),
        peers_(parts.self, settings.replica_peers()),
        reports_(outbox, settings.stream(), settings.epoch()) {
    slots_.Occupy();
    thread_ = std::thread([this] { Serve(); });
  }
  ~Running() { thread_.join(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  bool Is(uint32_t stream, uint32_t epoch) const {
    return settings_.stream() == stream && settings_.epoch() == epoch;
  }
  void SetPeers(const proto::ReceiverPeers& peers) { peers_.Set(peers.replica_peers()); }
  void RequestStop() { stop_.Request(); }
  void Abandon() {
    abandon_.Request();
    stop_.Request();
  }
  bool done() const { return done_.load(); }

 private:
  void Serve() {
    reports_.Event(proto::ReceiverEvent::STARTED);
    try {
      Receive();
    } catch (const std::exception& error) {
      reports_.Event(proto::ReceiverEvent::ERROR, std::string("receiving failed: ") + error.what());
    }
    slots_.Vacate();
    reports_.Event(proto::ReceiverEvent::STOPPED);
    done_.store(true);
  }

  void Receive() {
    absl::StatusOr<SocketAddress> address = settings_.kind() == "socket_text"
                                                ? DecodeSocketAddress(settings_.state())
                                                : absl::StatusOr<SocketAddress>(absl::UnimplementedError(
                                                      "no receiver of kind " + settings_.kind()));
    if (!address.ok()) {
      reports_.Event(proto::ReceiverEvent::ERROR, std::string(address.status().message()));
      return;
    }
    ReceivedBlocks blocks(parts_, reports_, abandon_, peers_, settings_);
    SocketText(*std::move(address), settings_, parts_, blocks, reports_, stop_).Run();
    blocks.Finish();
  }

  const ExecutorParts& parts_;
  TaskSlots& slots_;
  const proto::StartReceiver settings_;
  ReplicaPeers peers_;
  ReceiverReports reports_;
  StopSignal stop_;
  StopSignal abandon_;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

Receivers::Receivers(const ExecutorParts& parts, Outbox& outbox, TaskSlots& slots)
    : parts_(parts), outbox_(outbox), slots_(slots) {}

Receivers::~Receivers() { Stop(); }

void Receivers::Start(const proto::StartReceiver& settings) {
  std::lock_guard lock(mutex_);
  std::erase_if(running_, [](const std::unique_ptr<Running>& running) { return running->done(); });
  running_.push_back(std::make_unique<Running>(parts_, outbox_, slots_, settings));
}

void Receivers::SetPeers(const proto::ReceiverPeers& peers) {
  std::lock_guard lock(mutex_);
  for (const std::unique_ptr<Running>& running : running_) {
    if (running->Is(peers.stream(), peers.epoch())) running->SetPeers(peers);
  }
}

void Receivers::StopOne(uint32_t stream, uint32_t epoch) {
  std::lock_guard lock(mutex_);
  for (const std::unique_ptr<Running>& running : running_) {
    if (running->Is(stream, epoch)) running->RequestStop();
  }
}

void Receivers::RequestStop() {
  std::lock_guard lock(mutex_);
  for (const std::unique_ptr<Running>& running : running_) running->RequestStop();
}

void Receivers::Stop() {
  std::vector<std::unique_ptr<Running>> stopped;
  {
    std::lock_guard lock(mutex_);
    stopped.swap(running_);
  }
  for (const std::unique_ptr<Running>& running : stopped) running->Abandon();
}

}  // namespace millstream::executor
