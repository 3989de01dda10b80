#include "common/rpc/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/base/crash_report.h"
#include "common/rpc/bootstrap.h"

namespace millstream::rpc {
namespace {

constexpr int kChildSocket = 3;

class SpawnPlan {
 public:
  SpawnPlan(const ChildProgram& program, int child_socket) : program_(program) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!program.directory.empty()) {
      posix_spawn_file_actions_addchdir_np(&actions_, program.directory.c_str());
    }
    if (program.output < 0) {
      posix_spawn_file_actions_adddup2(&actions_, STDERR_FILENO, STDOUT_FILENO);
    } else {
      posix_spawn_file_actions_adddup2(&actions_, program.output, STDOUT_FILENO);
      posix_spawn_file_actions_adddup2(&actions_, program.errors, STDERR_FILENO);
    }
    posix_spawn_file_actions_adddup2(&actions_, child_socket, kChildSocket);
    posix_spawn_file_actions_addclosefrom_np(&actions_, kChildSocket + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  // The errno of the failure, or 0.
  int Run(pid_t* pid) const {
    std::vector<char*> argv;
    argv.reserve(program_.arguments.size() + 1);
    for (const std::string& argument : program_.arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    std::string bootstrap_variable = std::string(kBootstrapVariable) + "=" + std::to_string(kChildSocket);
    std::vector<char*> environment{bootstrap_variable.data()};
    for (const std::string& variable : program_.environment)
      environment.push_back(const_cast<char*>(variable.c_str()));
    for (char** variable = environ; *variable != nullptr; ++variable) {
      if (!IsReplaced(*variable)) environment.push_back(*variable);
    }
    // Several threads of an executor wait for gRPC, each for few connections. By default all wait together,
    // and one wakes another for most of what arrives.
    std::string poll_strategy = "GRPC_POLL_STRATEGY=poll";
    environment.push_back(poll_strategy.data());
    environment.push_back(nullptr);
    return posix_spawn(pid, program_.executable.c_str(), &actions_, &attributes_, argv.data(),
                       environment.data());
  }

 private:
  bool IsReplaced(std::string_view variable) const {
    const std::string_view name = variable.substr(0, variable.find('=') + 1);
    return std::ranges::any_of(program_.environment,
                               [name](std::string_view own) { return own.starts_with(name); });
  }

  const ChildProgram& program_;
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::string ErrorText(int error) {
  char text[128];
  return strerror_r(error, text, sizeof(text));
}

// The operation that a dead child was in by its crash report; empty if it left none.
std::string TakeCrashedOperation(int socket) {
  base::CrashRecord record;
  if (recv(socket, &record, sizeof(record), MSG_DONTWAIT) != sizeof(record)) return "";
  return {record.operation, strnlen(record.operation, sizeof(record.operation))};
}

std::string DescribeEnd(int status, const std::string& operation) {
  std::string how;
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    const char* name = sigabbrev_np(signal);
    how = "was killed by signal " + std::to_string(signal);
    if (name != nullptr) how += std::string(" (SIG") + name + ")";
  } else {
    how = "exited with code " + std::to_string(WEXITSTATUS(status));
  }
  if (!operation.empty()) how += " in " + operation + ". Fix the function passed to " + operation;
  return how;
}

}  // namespace

ChildProcesses::ChildProcesses(OnExit on_exit)
    : on_exit_(std::move(on_exit)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { Loop(); }) {}

ChildProcesses::~ChildProcesses() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [child, running] : running_) kill(running.pid, SIGKILL);
  }
  Notify();
  thread_.join();
  close(wake_);
}

void ChildProcesses::Spawn(uint32_t child, ChildProgram program, proto::Bootstrap bootstrap) {
  bootstrap.set_parent_pid(getpid());
  if (bootstrap.driver().empty() && !program.arguments.empty()) {
    program.arguments.front() += " (" + ExecutorName(bootstrap) + ")";
  }
  {
    std::lock_guard lock(mutex_);
    requests_.push_back({child, std::move(program), BootstrapBytes(bootstrap.SerializeAsString())});
    starting_[child] = false;
    ++live_;
  }
  Notify();
}

void ChildProcesses::Kill(uint32_t child) {
  std::lock_guard lock(mutex_);
  if (const auto found = starting_.find(child); found != starting_.end()) found->second = true;
  // Whoever is listed is not reaped yet, so that its pid is still its own.
  if (const auto found = running_.find(child); found != running_.end()) kill(found->second.pid, SIGKILL);
}

bool ChildProcesses::AwaitAll(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, timeout, [this] { return live_ == 0; });
}

void ChildProcesses::Notify() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
}

void ChildProcesses::Loop() {
  while (true) {
    while (std::optional<Request> request = TakeRequest()) Start(*request);
    {
      std::lock_guard lock(mutex_);
      if (stopping_ && live_ == 0) return;
    }
    AwaitEvent();
  }
}

std::optional<ChildProcesses::Request> ChildProcesses::TakeRequest() {
  std::lock_guard lock(mutex_);
  if (requests_.empty()) return std::nullopt;
  Request request = std::move(requests_.front());
  requests_.pop_front();
  return request;
}

void ChildProcesses::Start(Request& request) {
  int sockets[2] = {-1, -1};
  int error = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0 ? 0 : errno;
  pid_t pid = 0;
  if (error == 0) {
    error = SpawnPlan(request.program, sockets[1]).Run(&pid);
    close(sockets[1]);
  }
  for (const int fd : {request.program.output, request.program.errors}) {
    if (fd >= 0) close(fd);
  }
  if (error == 0) {
    std::lock_guard lock(mutex_);
    Running& running = running_[request.child];
    running = {pid, static_cast<int>(syscall(SYS_pidfd_open, pid, 0)), sockets[0],
               std::move(request.bootstrap)};
    SendBootstrap(running);
    if (starting_.extract(request.child).mapped() || stopping_) kill(pid, SIGKILL);
  } else {
    if (sockets[0] >= 0) close(sockets[0]);
    on_exit_({request.child, 0, "could not be started: " + ErrorText(error)});
    std::lock_guard lock(mutex_);
    starting_.erase(request.child);
    --live_;
    ended_.notify_all();
  }
}

void ChildProcesses::SendBootstrap(Running& running) {
  while (!running.unsent.empty()) {
    const ssize_t sent =
        send(running.socket, running.unsent.data(), running.unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return;
    // A child that has died is noticed by its pidfd.
    running.unsent.erase(0, sent > 0 ? static_cast<size_t>(sent) : std::string::npos);
  }
}

void ChildProcesses::AwaitEvent() {
  std::vector<pollfd> polled{{wake_, POLLIN, 0}};
  std::vector<uint32_t> children;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [child, running] : running_) {
      children.push_back(child);
      polled.push_back({running.pidfd, POLLIN, 0});
      polled.push_back({running.unsent.empty() ? -1 : running.socket, POLLOUT, 0});
    }
  }
  if (poll(polled.data(), polled.size(), -1) <= 0) return;
  uint64_t count;
  [[maybe_unused]] const ssize_t bytes = read(wake_, &count, sizeof(count));
  for (size_t i = 0; i < children.size(); ++i) {
    if (polled[2 * i + 2].revents != 0) {
      std::lock_guard lock(mutex_);
      SendBootstrap(running_.at(children[i]));
    }
    if (polled[2 * i + 1].revents != 0) Reap(children[i]);
  }
}

void ChildProcesses::Reap(uint32_t child) {
  int status = 0;
  Running running;
  {
    std::lock_guard lock(mutex_);
    const auto found = running_.find(child);
    if (waitpid(found->second.pid, &status, WNOHANG) != found->second.pid) return;
    running = std::move(found->second);
    running_.erase(found);
  }
  const std::string how = DescribeEnd(status, TakeCrashedOperation(running.socket));
  close(running.pidfd);
  close(running.socket);
  on_exit_({child, running.pid, how, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status)});
  std::lock_guard lock(mutex_);
  --live_;
  ended_.notify_all();
}

}  // namespace millstream::rpc
