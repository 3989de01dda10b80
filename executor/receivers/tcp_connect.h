#ifndef MILLSTREAM_EXECUTOR_RECEIVERS_TCP_CONNECT_H_
#define MILLSTREAM_EXECUTOR_RECEIVERS_TCP_CONNECT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "executor/receivers/stop_signal.h"

namespace millstream::executor {

// Where a socket receiver connects: its state is [varint length][host][varint port].
struct SocketAddress {
  std::string host;
  uint16_t port = 0;
};
absl::StatusOr<SocketAddress> DecodeSocketAddress(std::string_view state);
// "localhost:9999"
std::string ToText(const SocketAddress& address);

// A non-blocking socket, connected to the first of the host's addresses that answers. Cancelled if asked to
// stop; the caller closes the socket.
absl::StatusOr<int> ConnectTcp(const std::string& host, uint16_t port, const StopSignal& stop);

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_RECEIVERS_TCP_CONNECT_H_
