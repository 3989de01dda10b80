#include "executor/receivers/receivers.h"

#include <atomic>
#include <chrono>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include "common/base/crash_report.h"
#include "executor/receivers/receiver.h"

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
  void Answer(const proto::ReceiverStored& stored) { reports_.Answer(stored.accepted()); }
  void Abandon() {
    abandon_.Request();
    stop_.Request();
    reports_.Close();
  }
  bool done() const { return done_.load(); }

 private:
  void Serve() {
    const base::AlternateStack stack;
    reports_.Event(proto::ReceiverEvent::STARTED);
    try {
      Run();
    } catch (const std::exception& error) {
      reports_.Event(proto::ReceiverEvent::ERROR, std::string("receiving failed: ") + error.what());
    }
    slots_.Vacate();
    reports_.Event(proto::ReceiverEvent::STOPPED);
    done_.store(true);
  }

  void Run() {
    ReceivedBlocks blocks(parts_, reports_, abandon_, peers_, settings_);
    const auto receiver = MakeReceiver({settings_, parts_, blocks, reports_, stop_});
    if (!receiver.ok()) {
      reports_.Event(proto::ReceiverEvent::ERROR, std::string(receiver.status().message()));
      return;
    }
    const std::chrono::milliseconds delay(settings_.restart_delay_ms());
    while (!stop_.requested()) {
      const std::string ended = (*receiver)->Receive();
      if (stop_.requested()) break;
      reports_.Warn(ended + ". Trying again in " + std::to_string(delay.count()) + " ms.");
      stop_.WaitFor(delay);
    }
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

void Receivers::Answer(const proto::ReceiverStored& stored) {
  std::lock_guard lock(mutex_);
  for (const std::unique_ptr<Running>& running : running_) {
    if (running->Is(stored.stream(), stored.epoch())) running->Answer(stored);
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
