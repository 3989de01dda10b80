#ifndef MILLSTREAM_COMMON_RPC_CHILD_PROCESS_H_
#define MILLSTREAM_COMMON_RPC_CHILD_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/bootstrap.pb.h"

namespace millstream::rpc {

// How a child ended.
struct ChildExit {
  uint32_t child = 0;
  pid_t pid = 0;  // 0: it could not be started
  // "exited with code 3", "was killed by signal 11 (SIGSEGV) in Map. Fix the function passed to Map"
  std::string how;
  int code = 0;  // its exit code, or 128 + the signal that killed it
};

// What a child runs and where it writes.
struct ChildProgram {
  std::string executable = "/proc/self/exe";  // this process's own
  std::string directory = {};                 // its working directory, absolute; empty: this process's
  std::vector<std::string> arguments = {};    // its argv
  std::vector<std::string> environment = {};  // "NAME=VALUE", which win over this process's
  // Descriptors for its standard output and error, closed once it was started; -1: both are this process's
  // standard error.
  int output = -1;
  int errors = -1;
};

// Starts children and learns how they end. A child's standard input is empty, it has a process group of its
// own (Ctrl-C is for the driver), and of this process's descriptors it inherits one socket: its bootstrap
// comes from there, its crash report goes there, and its end means that this process is gone. Thread-safe.
// fork() is never used, so that it may be called after gRPC has started.
class ChildProcesses {
 public:
  // Called on this object's own thread; must not destroy it.
  using OnExit = std::function<void(const ChildExit&)>;

  explicit ChildProcesses(OnExit on_exit);
  // Kills and reaps what is left; on_exit is called for each.
  ~ChildProcesses();

  // Starts the child `child` (a number of the caller's); returns at once.
  // `bootstrap` gets this process's id as its parent_pid; argv[0] of an executor tells who it is, for ps.
  void Spawn(uint32_t child, ChildProgram program, proto::Bootstrap bootstrap);
  // SIGKILL, at once or as soon as it is there; nothing happens if it already ended.
  void Kill(uint32_t child);

  // False if children still run after `timeout`.
  bool AwaitAll(std::chrono::milliseconds timeout);

 private:
  struct Request {
    uint32_t child;
    ChildProgram program;
    std::string bootstrap;
  };
  struct Running {
    pid_t pid = 0;
    int pidfd = -1;
    int socket = -1;          // our end
    std::string unsent = {};  // of its bootstrap
  };

  void Loop();
  std::optional<Request> TakeRequest();
  void Start(Request& request);
  // Sends what the child takes now; one that does not read must not hold up the others.
  static void SendBootstrap(Running& running);
  // Sleeps until a child ends, takes more or something is asked for; reaps who ended.
  void AwaitEvent();
  void Reap(uint32_t child);
  void Notify();

  const OnExit on_exit_;
  const int wake_;  // an eventfd

  std::mutex mutex_;  // protects everything below
  std::condition_variable ended_;
  std::deque<Request> requests_;
  std::map<uint32_t, bool> starting_;  // asked for and not running yet; whether it is to be killed
  std::map<uint32_t, Running> running_;
  size_t live_ = 0;  // asked for and not yet reported as ended
  bool stopping_ = false;

  std::thread
      thread_;  // children die with the thread that spawned them (PR_SET_PDEATHSIG): it lives as long as this
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_CHILD_PROCESS_H_
