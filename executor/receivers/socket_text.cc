#include "executor/receivers/socket_text.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace millstream::executor {
namespace {

// While a cut is due anyway, less than this is not worth waking up for.
constexpr int kReadBytes = 256 << 10;
constexpr size_t kLimitedReadBytes = 64 << 10;

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

SocketText::SocketText(SocketAddress address, const ReceiverParts& parts)
    : address_(std::move(address)),
      block_interval_(std::max<uint32_t>(1, parts.settings.block_interval_ms())),
      parts_(parts),
      lines_(parts.executor.blocks->slabs(), &parts.executor.blocks->memory(),
             parts.settings.max_record_bytes(),
             [this](exec::Bytes block) { parts_.blocks.Add(std::move(block)); }),
      start_(std::chrono::steady_clock::now()) {
  if (parts.settings.max_rate() == 0) return;
  limit_.emplace(parts.settings.max_rate(), start_);
  waiting_.resize(kLimitedReadBytes);
}

std::string SocketText::Receive() {
  const absl::StatusOr<int> socket = ConnectTcp(address_.host, address_.port, parts_.stop);
  if (!socket.ok())
    return "cannot connect to " + ToText(address_) + ": " + std::string(socket.status().message());
  parts_.reports.Event(proto::ReceiverEvent::CONNECTED);
  low_water_ = 1;
  std::string ended = Read(*socket);
  close(*socket);
  WarnOfDropped();
  parts_.blocks.Report();
  return ended;
}

std::string SocketText::Read(int socket) {
  cut_at_.reset();
  while (!parts_.stop.requested()) {
    const std::span<char> space = limit_ ? std::span<char>(waiting_) : lines_.Space();
    const ssize_t got = recv(socket, space.data(), space.size(), MSG_DONTWAIT);
    if (got > 0) {
      if (limit_) {
        LetIn({space.data(), static_cast<size_t>(got)});
      } else {
        lines_.Filled(static_cast<size_t>(got));
      }
      StartInterval();
    } else if (got == 0) {
      lines_.End();
      return "the connection to " + ToText(address_) + " was closed by its other end";
    } else if (WouldBlock(errno)) {
      WaitForBytes(socket);
    } else if (errno != EINTR) {
      const std::string cause = std::strerror(errno);
      lines_.Cut();
      lines_.Forget();
      return "the connection to " + ToText(address_) + " failed: " + cause;
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
  pollfd waits[2] = {{socket, POLLIN, 0}, {parts_.stop.fd(), POLLIN, 0}};
  ppoll(waits, 2, cut_at_ ? &timeout : nullptr, nullptr);
}

void SocketText::LetIn(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t line_end = bytes.find('\n');
    std::string_view line = bytes.substr(0, line_end == bytes.npos ? line_end : line_end + 1);
    bytes.remove_prefix(line.size());
    if (line_end != bytes.npos) AwaitRate();
    while (!line.empty()) {
      const std::span<char> space = lines_.Space();
      const size_t size = std::min(space.size(), line.size());
      std::memcpy(space.data(), line.data(), size);
      lines_.Filled(size);
      line.remove_prefix(size);
    }
    StartInterval();
  }
}

void SocketText::AwaitRate() {
  Time now = std::chrono::steady_clock::now();
  for (const Time at = limit_->Take(now); now < at && !parts_.stop.requested();
       now = std::chrono::steady_clock::now()) {
    const Time until = cut_at_ ? std::min(at, *cut_at_) : at;
    parts_.stop.WaitFor(std::chrono::ceil<std::chrono::milliseconds>(until - now));
    CutIfDue();
  }
}

void SocketText::StartInterval() {
  if (cut_at_) return;
  const Time now = std::chrono::steady_clock::now();
  cut_at_ = now + block_interval_ - (now - start_) % block_interval_;
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
  parts_.blocks.Report();
}

void SocketText::WarnOfDropped() {
  const uint64_t dropped = lines_.TakeDropped();
  if (dropped > 0) parts_.reports.WarnOfDropped(dropped, "lines from " + ToText(address_), parts_.settings);
}

}  // namespace millstream::executor
