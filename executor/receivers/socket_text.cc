#include "executor/receivers/socket_text.h"

#include <millstream/exec/encoder.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "executor/receivers/tcp_connect.h"

namespace millstream::executor {
namespace {

// While a cut is due anyway, less than this is not worth waking up for.
constexpr int kReadBytes = 256 << 10;

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

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

SocketText::SocketText(SocketAddress address, const proto::StartReceiver& settings,
                       const ExecutorParts& parts, ReceivedBlocks& blocks, ReceiverReports& reports,
                       const StopSignal& stop)
    : address_(std::move(address)),
      block_interval_(std::max<uint32_t>(1, settings.block_interval_ms())),
      restart_delay_(settings.restart_delay_ms()),
      max_record_bytes_(settings.max_record_bytes()),
      blocks_(blocks),
      reports_(reports),
      stop_(stop),
      lines_(parts.blocks->slabs(), &parts.blocks->memory(), settings.max_record_bytes(),
             [this](exec::Bytes block) { blocks_.Add(std::move(block)); }),
      start_(std::chrono::steady_clock::now()) {}

void SocketText::Run() {
  while (!stop_.requested()) {
    std::string ended;
    const absl::StatusOr<int> socket = ConnectTcp(address_.host, address_.port, stop_);
    if (socket.ok()) {
      low_water_ = 1;
      ended = Read(*socket);
      close(*socket);
      WarnOfDropped();
      blocks_.Report();
    } else {
      ended = "cannot connect to " + Place() + ": " + std::string(socket.status().message());
    }
    if (stop_.requested()) return;
    reports_.Warn(ended + ". Trying again every " + std::to_string(restart_delay_.count()) + " ms.");
    stop_.WaitFor(restart_delay_);
  }
}

std::string SocketText::Read(int socket) {
  cut_at_.reset();
  while (!stop_.requested()) {
    const std::span<char> space = lines_.Space();
    const ssize_t got = recv(socket, space.data(), space.size(), MSG_DONTWAIT);
    if (got > 0) {
      lines_.Filled(static_cast<size_t>(got));
      if (!cut_at_) {
        const auto now = std::chrono::steady_clock::now();
        cut_at_ = now + block_interval_ - (now - start_) % block_interval_;
      }
    } else if (got == 0) {
      lines_.End();
      return "the connection to " + Place() + " was closed by its other end";
    } else if (WouldBlock(errno)) {
      WaitForBytes(socket);
    } else if (errno != EINTR) {
      const std::string cause = std::strerror(errno);
      lines_.Cut();
      lines_.Forget();
      return "the connection to " + Place() + " failed: " + cause;
    }
    CutIfDue();
  }
  lines_.Cut();
  lines_.Forget();
  return "";
}

void SocketText::WaitForBytes(int socket) {
  timespec timeout = {};
  if (cut_at_) {
    const auto left = std::max(std::chrono::nanoseconds(0),
                               std::chrono::nanoseconds(*cut_at_ - std::chrono::steady_clock::now()));
    timeout.tv_sec = left.count() / 1'000'000'000;
    timeout.tv_nsec = left.count() % 1'000'000'000;
  }
  SetLowWater(socket, cut_at_ ? kReadBytes : 1);
  pollfd waits[2] = {{socket, POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
  ppoll(waits, 2, cut_at_ ? &timeout : nullptr, nullptr);
}

void SocketText::SetLowWater(int socket, int bytes) {
  if (low_water_ == bytes) return;
  if (setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes)) == 0) low_water_ = bytes;
}

void SocketText::CutIfDue() {
  if (!cut_at_ || std::chrono::steady_clock::now() < *cut_at_) return;
  cut_at_.reset();
  lines_.Cut();
  WarnOfDropped();
  blocks_.Report();
}

void SocketText::WarnOfDropped() {
  const uint64_t dropped = lines_.TakeDropped();
  if (dropped == 0) return;
  reports_.Warn("dropped",
                std::to_string(dropped) + " lines from " + Place() + " were longer than " +
                    std::to_string(max_record_bytes_) +
                    " bytes and were dropped. Raise millstream.streaming.maxRecordSize to keep them.");
}

}  // namespace millstream::executor
