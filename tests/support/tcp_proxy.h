#ifndef MILLSTREAM_TESTS_SUPPORT_TCP_PROXY_H_
#define MILLSTREAM_TESTS_SUPPORT_TCP_PROXY_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace millstream::tests {

// A loopback address written host:port.
inline sockaddr_in LoopbackAddress(const std::string& address) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  result.sin_port = htons(static_cast<uint16_t>(std::atoi(address.substr(address.rfind(':') + 1).c_str())));
  return result;
}

// A connected socket, or -1.
inline int ConnectTo(const std::string& address) {
  const sockaddr_in target = LoopbackAddress(address);
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(socket_fd, reinterpret_cast<const sockaddr*>(&target), sizeof(target)) == 0) return socket_fd;
  close(socket_fd);
  return -1;
}

// Stands between a client and a server and does to their bytes what a network may do. Positions count the
// bytes of one direction, over all connections since the fault was set. Thread-safe.
class TcpProxy {
 public:
  enum Direction { kToServer = 0, kToClient = 1 };

  explicit TcpProxy(const std::string& target)
      : target_(target), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in own = LoopbackAddress("127.0.0.1:0");
    socklen_t size = sizeof(own);
    bind(listener_, reinterpret_cast<sockaddr*>(&own), size);
    listen(listener_, 64);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&own), &size);
    address_ = "127.0.0.1:" + std::to_string(ntohs(own.sin_port));
    acceptor_ = std::thread([this] { Accept(); });
  }

  ~TcpProxy() {
    {
      std::lock_guard lock(mutex_);
      closing_ = true;
      for (int open : sockets_) shutdown(open, SHUT_RDWR);
    }
    changed_.notify_all();
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& pump : pumps_) pump.join();
    for (int open : sockets_) close(open);
    close(listener_);
  }

  const std::string& address() const { return address_; }

  // Flips one bit of the byte at `position`, once.
  void FlipBit(Direction direction, uint64_t position) { Set(&Lane::flip_at, direction, position); }
  // Closes the connection before the byte at `position`, once.
  void Cut(Direction direction, uint64_t position) { Set(&Lane::cut_at, direction, position); }
  // Waits before each piece it passes on.
  void Delay(std::chrono::milliseconds delay) {
    std::lock_guard lock(mutex_);
    delay_ = delay;
  }
  // While stalled, nothing is passed on, and connections stay open.
  void Stall(bool stalled) {
    {
      std::lock_guard lock(mutex_);
      stalled_ = stalled;
    }
    changed_.notify_all();
  }

  uint64_t passed(Direction direction) const {
    std::lock_guard lock(mutex_);
    return lanes_[direction].passed;
  }
  // Waits until a fault of FlipBit() or Cut() has happened; false if it has not within a minute.
  bool AwaitFault() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [this] { return faults_ > 0; });
  }
  int faults() const {
    std::lock_guard lock(mutex_);
    return faults_;
  }

 private:
  struct Lane {
    uint64_t passed = 0;
    std::optional<uint64_t> flip_at;
    std::optional<uint64_t> cut_at;
  };

  void Set(std::optional<uint64_t> Lane::*fault, Direction direction, uint64_t position) {
    std::lock_guard lock(mutex_);
    lanes_[direction] = {};
    lanes_[direction].*fault = position;
    faults_ = 0;
  }

  void Accept() {
    while (true) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      const int server = ConnectTo(target_);
      std::lock_guard lock(mutex_);
      sockets_.push_back(client);
      if (server >= 0) sockets_.push_back(server);
      if (server < 0 || closing_) {
        shutdown(client, SHUT_RDWR);
        continue;
      }
      const int on = 1;
      setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      pumps_.emplace_back([this, client, server] { Pump(client, server, kToServer); });
      pumps_.emplace_back([this, client, server] { Pump(server, client, kToClient); });
    }
  }

  void Pump(int from, int to, Direction direction) {
    std::array<char, 16384> buffer;
    while (true) {
      const ssize_t got = recv(from, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      const size_t bytes = Tamper(direction, buffer.data(), static_cast<size_t>(got));
      size_t sent = 0;
      while (sent < bytes) {
        const ssize_t step = send(to, buffer.data() + sent, bytes - sent, MSG_NOSIGNAL);
        if (step <= 0) break;
        sent += static_cast<size_t>(step);
      }
      if (sent < static_cast<size_t>(got)) break;
    }
    shutdown(from, SHUT_RDWR);
    shutdown(to, SHUT_RDWR);
  }

  // How many of the bytes to pass on before the connection is cut.
  size_t Tamper(Direction direction, char* bytes, size_t count) {
    std::unique_lock lock(mutex_);
    const auto delay = delay_;
    changed_.wait_for(lock, delay, [&] { return closing_ || delay.count() == 0; });
    changed_.wait(lock, [this] { return closing_ || !stalled_; });
    Lane& lane = lanes_[direction];
    const uint64_t begin = lane.passed;
    lane.passed += count;
    const auto within = [&](const std::optional<uint64_t>& position) {
      return position && *position >= begin && *position < begin + count;
    };
    if (within(lane.flip_at)) {
      bytes[*lane.flip_at - begin] ^= static_cast<char>(1 << (*lane.flip_at % 8));
      lane.flip_at.reset();
      ++faults_;
      changed_.notify_all();
    }
    if (within(lane.cut_at)) {
      count = *lane.cut_at - begin;
      lane.cut_at.reset();
      ++faults_;
      changed_.notify_all();
    }
    return count;
  }

  const std::string target_;
  const int listener_;
  std::string address_;
  std::thread acceptor_;

  mutable std::mutex mutex_;  // protects what follows
  std::condition_variable changed_;
  std::vector<int> sockets_;
  std::vector<std::thread> pumps_;
  std::array<Lane, 2> lanes_;
  std::chrono::milliseconds delay_{0};
  bool stalled_ = false;
  bool closing_ = false;
  int faults_ = 0;
};

}  // namespace millstream::tests

#endif  // MILLSTREAM_TESTS_SUPPORT_TCP_PROXY_H_
