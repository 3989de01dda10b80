#include "executor/receivers/tcp_connect.h"

#include <millstream/exec/encoder.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace millstream::executor {
namespace {

constexpr int kConnectTimeoutMs = 10'000;

// 0, or the error that the connection ended with; ECANCELED if asked to stop.
int WaitUntilConnected(int socket, const StopSignal& stop) {
  pollfd waits[2] = {{socket, POLLOUT, 0}, {stop.fd(), POLLIN, 0}};
  int ready;
  do ready = poll(waits, 2, kConnectTimeoutMs);
  while (ready < 0 && errno == EINTR);
  if (stop.requested()) return ECANCELED;
  if (ready == 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  if (ready < 0 || getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

}  // namespace

absl::StatusOr<SocketAddress> DecodeSocketAddress(std::string_view state) {
  exec::Decoder decoder(state);
  std::string_view host;
  uint64_t port = 0;
  if (!decoder.GetText(host) || !decoder.GetVarint(port) || !decoder.empty() || host.empty() || port == 0 ||
      port > 65535) {
    return absl::InvalidArgumentError("the address of a socket receiver cannot be read");
  }
  return SocketAddress{std::string(host), static_cast<uint16_t>(port)};
}

std::string ToText(const SocketAddress& address) { return address.host + ":" + std::to_string(address.port); }

absl::StatusOr<int> ConnectTcp(const std::string& host, uint16_t port, const StopSignal& stop) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int resolved = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (resolved != 0) {
    return absl::UnavailableError(resolved == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(resolved));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  int error = EHOSTUNREACH;
  for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
    const int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol);
    if (fd < 0) {
      error = errno;
      continue;
    }
    error = connect(fd, at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) error = WaitUntilConnected(fd, stop);
    if (error == 0) return fd;
    close(fd);
    if (error == ECANCELED) return absl::CancelledError("asked to stop");
  }
  return absl::UnavailableError(std::strerror(error));
}

}  // namespace millstream::executor
