#include "common/security/local_secret.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "common/cli/errors.h"

namespace millstream::security {
namespace {

constexpr timeval kPatience{.tv_sec = 5, .tv_usec = 0};

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

struct Name {
  sockaddr_un address{};
  socklen_t bytes = 0;
};

// In the abstract name space, which belongs to the same network namespace as the address itself.
Name NameOf(const std::string& address) {
  Name name;
  name.address.sun_family = AF_UNIX;
  const std::string text = '\0' + ("millstream/" + address).substr(0, sizeof(name.address.sun_path) - 1);
  std::memcpy(name.address.sun_path, text.data(), text.size());
  name.bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size());
  return name;
}

bool IsOwnUsers(int connected) {
  ucred peer{};
  socklen_t bytes = sizeof(peer);
  return getsockopt(connected, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 && peer.uid == geteuid();
}

}  // namespace

absl::StatusOr<std::unique_ptr<LocalSecretServer>> LocalSecretServer::Start(const std::string& address,
                                                                            const Secret& secret) {
  Socket listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Name name = NameOf(address);
  if (bind(listener.fd(), reinterpret_cast<const sockaddr*>(&name.address), name.bytes) != 0 ||
      listen(listener.fd(), SOMAXCONN) != 0) {
    return absl::FailedPreconditionError(cli::ErrorText(
        address,
        std::string("the socket that hands out the master's secret cannot be made: ") + strerror(errno),
        "Stop the process that has it, or name another --port"));
  }
  return std::unique_ptr<LocalSecretServer>(new LocalSecretServer(listener.Release(), secret));
}

LocalSecretServer::LocalSecretServer(int listener, const Secret& secret)
    : listener_(listener), secret_(secret), thread_([this] { Serve(); }) {}

LocalSecretServer::~LocalSecretServer() {
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

void LocalSecretServer::Serve() {
  while (true) {
    const Socket connected(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (connected.fd() < 0) {
      if (errno == EINVAL) return;  // shut down
      if (errno != EINTR && errno != ECONNABORTED) usleep(1000);
      continue;
    }
    if (!IsOwnUsers(connected.fd())) continue;
    const std::string bytes = secret_.Reveal();
    // It fits into an empty socket's buffer: a client that does not read keeps nobody waiting.
    [[maybe_unused]] const ssize_t sent =
        send(connected.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
}

absl::StatusOr<Secret> FetchLocalSecret(const std::string& address, const std::stop_token& stop) {
  const Socket connected(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Name name = NameOf(address);
  setsockopt(connected.fd(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  setsockopt(connected.fd(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  const std::stop_callback cut(stop, [&connected] { shutdown(connected.fd(), SHUT_RDWR); });
  if (connect(connected.fd(), reinterpret_cast<const sockaddr*>(&name.address), name.bytes) != 0) {
    return absl::NotFoundError("no master is there");
  }
  if (!IsOwnUsers(connected.fd())) {
    return absl::UnauthenticatedError("it belongs to another user. A master on loopback serves its own user");
  }
  char bytes[Secret::kBytes];
  if (recv(connected.fd(), bytes, sizeof(bytes), MSG_WAITALL) == sizeof(bytes)) {
    if (const std::optional<Secret> secret = Secret::FromBytes({bytes, sizeof(bytes)})) return *secret;
  }
  return absl::UnavailableError("it does not answer");
}

}  // namespace millstream::security
