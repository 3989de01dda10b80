#include "tests/executor/support/text_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace millstream::executor {

TextServer::TextServer(uint16_t port) : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(listener_, 4) == 0 &&
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    port_ = ntohs(address.sin_port);
  }
}

TextServer::~TextServer() {
  CloseClient();
  close(listener_);
}

bool TextServer::Accept() {
  CloseClient();
  pollfd wait{listener_, POLLIN, 0};
  if (poll(&wait, 1, 30'000) != 1) return false;
  client_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  return client_ >= 0;
}

bool TextServer::Send(std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(client_, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void TextServer::CloseClient() {
  if (client_ >= 0) close(client_);
  client_ = -1;
}

void TextServer::ResetClient() {
  const linger at_once{1, 0};
  setsockopt(client_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  CloseClient();
}

}  // namespace millstream::executor
