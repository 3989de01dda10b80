#include "deploy/doctor/ports.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace millstream::deploy {
namespace {

// The errno of binding it on every address, or 0. Nothing listens meanwhile.
int Bind(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  // As servers do: connections that ended lately do not hold it.
  const int reuse = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  const int error = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ? 0 : errno;
  close(fd);
  return error;
}

}  // namespace

Finding CheckPort(int port) {
  const std::string thing = port == 0 ? "any port" : "port " + std::to_string(port);
  const int error = Bind(port);
  if (error == 0) return Ok(thing, "can be listened on");
  if (error == EADDRINUSE && port != 0) {
    return Fail(
        thing, "another process listens there",
        "If that is the cluster's master, name it with --master URL; else stop it, or give the master "
        "another --port");
  }
  return Fail(thing, std::string("cannot be listened on: ") + std::strerror(error),
              "Choose another one with --port, or, as root, let this user open ports");
}

}  // namespace millstream::deploy
