#include "client/program/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "client/context/process_state.h"
#include "client/context/stream_graph.h"
#include "common/base/logging.h"

namespace millstream::client {
namespace {

[[noreturn]] void Watch(sigset_t signals) {
  bool stopping = false;
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    const std::shared_ptr<graph::StreamGraph> active = graph::ActiveGraph();
    if (stopping && active != nullptr)
      base::LogWarning("stopping at once: what was received and not processed is dropped");
    if (stopping || active == nullptr) _exit(128 + signal);
    stopping = true;
    base::LogInfo(signal == SIGTERM ? "SIGTERM: stopping" : "SIGINT: stopping");
    // Apart, so that a second signal is heard meanwhile.
    std::thread([active] { active->StopForSignal(); }).detach();
  }
}

}  // namespace

void HandleSignals() {
  if (Process().handles_signals) return;
  Process().handles_signals = true;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread(Watch, signals).detach();
}

}  // namespace millstream::client
