#include "common/rpc/bootstrap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <string>
#include <thread>

namespace millstream::rpc {
namespace {

constexpr uint32_t kLongestBootstrap = 16u << 20;
constexpr int kExitParentGone = 1;

std::atomic<int> crash_report_fd{-1};

bool ReadExactly(int socket, char* to, size_t bytes) {
  while (bytes > 0) {
    const ssize_t got = recv(socket, to, bytes, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    bytes -= static_cast<size_t>(got);
  }
  return true;
}

// The parent never writes again: the next thing to be read is the end.
void DieWithParent(int socket) {
  std::thread([socket] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    char byte;
    while (recv(socket, &byte, 1, 0) < 0 && errno == EINTR) {
    }
    _exit(kExitParentGone);
  }).detach();
}

absl::Status Unusable(const std::string& cause) {
  return absl::FailedPreconditionError(std::string(kBootstrapVariable) + ": " + cause +
                                       ". Only a driver sets it; unset it to start one");
}

}  // namespace

absl::StatusOr<std::optional<proto::Bootstrap>> ReadBootstrap() {
  const char* variable = getenv(kBootstrapVariable);
  if (variable == nullptr) return std::nullopt;
  const std::string text = variable;
  unsetenv(kBootstrapVariable);

  int socket = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), socket);
  if (error != std::errc() || end != text.data() + text.size() || fcntl(socket, F_SETFD, FD_CLOEXEC) != 0) {
    return Unusable("\"" + text + "\" is no open descriptor");
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  uint32_t bytes = 0;
  std::string encoded;
  if (!ReadExactly(socket, reinterpret_cast<char*>(&bytes), sizeof(bytes)) || bytes > kLongestBootstrap) {
    return Unusable("there is no bootstrap to read");
  }
  encoded.resize(bytes);
  proto::Bootstrap bootstrap;
  if (!ReadExactly(socket, encoded.data(), bytes) || !bootstrap.ParseFromString(encoded)) {
    return Unusable("the bootstrap is damaged");
  }
  // The signal is armed, so that from here on a parent that dies is noticed.
  if (getppid() != bootstrap.parent_pid()) return Unusable("the driver is gone");
  crash_report_fd = socket;
  DieWithParent(socket);
  return bootstrap;
}

int CrashReportFd() { return crash_report_fd.load(); }

std::string ExecutorName(const proto::Bootstrap& bootstrap) {
  const std::string& application = bootstrap.application_id();
  return "executor " + std::to_string(bootstrap.executor()) +
         (application.empty() ? "" : " of " + application);
}

std::string BootstrapBytes(std::string_view encoded) {
  const uint32_t bytes = static_cast<uint32_t>(encoded.size());
  return std::string(reinterpret_cast<const char*>(&bytes), sizeof(bytes)).append(encoded);
}

}  // namespace millstream::rpc
