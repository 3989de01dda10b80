#include "executor/receivers/raw_socket.h"

#include <millstream/exec/memory.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace millstream::executor {

RawSocket::RawSocket(SocketAddress address, const ReceiverParts& parts)
    : address_(std::move(address)), parts_(parts) {}

std::string RawSocket::Receive() {
  const absl::StatusOr<int> socket = ConnectTcp(address_.host, address_.port, parts_.stop);
  if (!socket.ok())
    return "cannot connect to " + ToText(address_) + ": " + std::string(socket.status().message());
  parts_.reports.Event(proto::ReceiverEvent::CONNECTED);
  absl::Status status;
  while (status.ok()) status = ReadBlock(*socket);
  close(*socket);
  return "the connection to " + ToText(address_) + " " + std::string(status.message());
}

absl::Status RawSocket::ReadBlock(int socket) {
  std::array<char, 4> header;
  if (absl::Status status = ReadAll(socket, header); !status.ok()) return status;
  uint32_t length = 0;
  for (const char byte : header) length = length << 8 | static_cast<uint8_t>(byte);
  if (length > INT32_MAX)
    return absl::InvalidArgumentError("announced a block of negative length: it sends no raw blocks");
  if (length > parts_.settings.max_record_bytes()) {
    if (absl::Status status = Skip(socket, length); !status.ok()) return status;
    parts_.reports.WarnOfDropped(1, "blocks from " + ToText(address_), parts_.settings);
    return absl::OkStatus();
  }
  if (length == 0) return absl::OkStatus();
  exec::Reservation reservation(&parts_.executor.blocks->memory());
  reservation.Resize(length);  // a refusal changes nothing: the block must be read to its end
  const std::shared_ptr<char> bytes = parts_.executor.blocks->slabs().Take(length);
  if (absl::Status status = ReadAll(socket, {bytes.get(), length}); !status.ok()) return status;
  reservation.Resize(0);  // the store makes its own
  parts_.blocks.Add({bytes, {bytes.get(), length}});
  parts_.blocks.Report();
  return absl::OkStatus();
}

absl::Status RawSocket::ReadAll(int socket, std::span<char> to) {
  while (!to.empty()) {
    const ssize_t got = recv(socket, to.data(), to.size(), MSG_DONTWAIT);
    if (parts_.stop.requested()) return absl::CancelledError("was given up");
    if (got > 0) {
      to = to.subspan(static_cast<size_t>(got));
    } else if (got == 0) {
      return absl::UnavailableError("was closed by its other end");
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd waits[2] = {{socket, POLLIN, 0}, {parts_.stop.fd(), POLLIN, 0}};
      poll(waits, 2, -1);
    } else if (errno != EINTR) {
      return absl::UnavailableError(std::string("failed: ") + std::strerror(errno));
    }
  }
  return absl::OkStatus();
}

absl::Status RawSocket::Skip(int socket, size_t size) {
  std::array<char, 64 << 10> ignored;
  while (size > 0) {
    const size_t next = std::min(size, ignored.size());
    if (absl::Status status = ReadAll(socket, {ignored.data(), next}); !status.ok()) return status;
    size -= next;
  }
  return absl::OkStatus();
}

}  // namespace millstream::executor
