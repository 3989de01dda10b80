#include "common/rpc/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "common/base/logging.h"
#include "common/cli/errors.h"

namespace millstream::rpc {
namespace {

constexpr int kUnacknowledgedMs = 20'000;  // after which a peer is gone; gRPC's own ports have the same
constexpr int kPauseMs = 50;               // before the next try when the system has nothing left
constexpr int kAtOnce = 64;                // connections, before it looks whether it is to stop
constexpr auto kBetweenWarnings = std::chrono::minutes(1);

void Set(int socket_fd, int level, int option, int value) {
  setsockopt(socket_fd, level, option, &value, sizeof(value));
}

// -1, with errno, if that cannot be. Accepted connections inherit the options.
int ListenOn(const sockaddr* address, socklen_t bytes) {
  const int listening = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listening < 0) return -1;
  Set(listening, SOL_SOCKET, SO_REUSEADDR, 1);
  Set(listening, IPPROTO_TCP, TCP_NODELAY, 1);
  Set(listening, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMs);
  if (address->sa_family == AF_INET6) Set(listening, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  // The system cuts the backlog down to what it allows.
  if (bind(listening, address, bytes) == 0 && listen(listening, 1 << 16) == 0) return listening;
  const int error = errno;
  close(listening);
  errno = error;
  return -1;
}

int PortOf(int listening) {
  sockaddr_storage address{};
  socklen_t bytes = sizeof(address);
  getsockname(listening, reinterpret_cast<sockaddr*>(&address), &bytes);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

// A new descriptor is the lowest that is free, so its number tells how many are taken.
bool IsOneOfTheLast(int descriptor) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  return static_cast<rlim_t>(descriptor) >= files.rlim_cur - files.rlim_cur / 4;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Bind(const ListenAddress& address) {
  int listening = -1;
  if (address.every) {  // of both families, if the system has both
    sockaddr_in6 all{};
    all.sin6_family = AF_INET6;
    all.sin6_port = htons(static_cast<uint16_t>(address.port));
    listening = ListenOn(reinterpret_cast<const sockaddr*>(&all), sizeof(all));
  }
  if (listening < 0) {
    listening = ListenOn(reinterpret_cast<const sockaddr*>(&address.socket_address), address.bytes);
  }
  if (listening < 0) {
    return absl::Status(
        errno == EADDRINUSE ? absl::StatusCode::kAlreadyExists : absl::StatusCode::kFailedPrecondition,
        std::strerror(errno));
  }
  const int stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop < 0) {
    const absl::Status failed = absl::FailedPreconditionError(std::strerror(errno));
    close(listening);
    return failed;
  }
  return std::unique_ptr<Listener>(new Listener(listening, stop, PortOf(listening)));
}

Listener::~Listener() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t bytes = write(stop_, &one, sizeof(one));
    thread_.join();
  }
  close(listening_);
  close(stop_);
}

void Listener::Start(Take take) {
  thread_ = std::thread([this, take = std::move(take)] { Loop(take); });
}

void Listener::Loop(const Take& take) {
  std::array<pollfd, 2> polled{{{stop_, POLLIN, 0}, {listening_, POLLIN, 0}}};
  bool pause = false;
  while (polled[0].revents == 0) {
    polled[1].fd = pause ? -1 : listening_;
    if (poll(polled.data(), polled.size(), pause ? kPauseMs : -1) < 0) continue;
    pause = polled[0].revents == 0 && !AcceptSome(take);
  }
}

bool Listener::AcceptSome(const Take& take) {
  for (int i = 0; i < kAtOnce; ++i) {
    const int connection = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection >= 0 && !IsOneOfTheLast(connection)) {
      take(connection);
    } else if (connection >= 0) {
      close(connection);
      Warn(
          "connections are turned away: most files that this process may have open are, and the rest is its "
          "own");
    } else if (errno == EAGAIN) {
      return true;
    } else if (errno != ECONNABORTED && errno != EINTR) {
      Warn(std::string("connections wait: ") + std::strerror(errno));
      return false;
    }
  }
  return true;
}

void Listener::Warn(const std::string& cause) {
  const auto now = std::chrono::steady_clock::now();
  if (warned_ && now < *warned_ + kBetweenWarnings) return;
  warned_ = now;
  base::LogWarning(cli::ErrorText("port " + std::to_string(port_), cause,
                                  "Raise the limit of files (ulimit -n), or keep strangers from the port"));
}

}  // namespace millstream::rpc
