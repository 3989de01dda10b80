#include "tests/support/text_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace millstream::test {
namespace {

constexpr std::chrono::seconds kPatience{60};

// A socket that is bound; sets the port to the one it got.
int Bind(const std::string& host, int& port) {
  const int bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  address.sin_port = htons(static_cast<uint16_t>(port));
  socklen_t size = sizeof(address);
  if (bind(bound, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(bound, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("text server: bind");
    std::abort();
  }
  port = ntohs(address.sin_port);
  return bound;
}

}  // namespace

TextServer::TextServer(int port, const std::string& address)
    : port_(port), listener_(Bind(address, port_)), stop_(eventfd(0, EFD_CLOEXEC)) {
  if (listen(listener_, 64) != 0) std::abort();
  thread_ = std::thread([this] { Accept(); });
}

TextServer::~TextServer() {
  eventfd_write(stop_, 1);
  thread_.join();
  close(listener_);
  close(stop_);
  for (const int client : clients_) close(client);
}

void TextServer::Accept() {
  for (;;) {
    pollfd waits[2] = {{listener_, POLLIN, 0}, {stop_, POLLIN, 0}};
    poll(waits, 2, -1);
    if (waits[1].revents != 0) return;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    {
      std::lock_guard lock(mutex_);
      clients_.push_back(client);
    }
    connected_.notify_all();
  }
}

bool TextServer::AwaitClients(int count) {
  std::unique_lock lock(mutex_);
  return connected_.wait_for(lock, kPatience, [&] { return clients_.size() >= static_cast<size_t>(count); });
}

bool TextServer::Send(std::string_view text) {
  if (!AwaitClients(1)) return false;
  int client;
  {
    std::lock_guard lock(mutex_);
    client = clients_.back();
  }
  while (!text.empty()) {
    const ssize_t sent = send(client, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void TextServer::Disconnect() {
  std::lock_guard lock(mutex_);
  if (!clients_.empty()) shutdown(clients_.back(), SHUT_RDWR);
}

int UnusedPort() {
  int port = 0;
  close(Bind("127.0.0.1", port));
  return port;
}

}  // namespace millstream::test
