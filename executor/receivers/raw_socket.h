#ifndef MILLSTREAM_EXECUTOR_RECEIVERS_RAW_SOCKET_H_
#define MILLSTREAM_EXECUTOR_RECEIVERS_RAW_SOCKET_H_

#include <cstddef>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "executor/receivers/receiver.h"
#include "executor/receivers/tcp_connect.h"

namespace millstream::executor {

// Reads blocks of encoded rows, [int32 length, big-endian][bytes], from a TCP server and keeps them as they
// are. One that is longer than a record may be is dropped; one that is cut off by the connection's end is
// lost.
class RawSocket : public Receiver {
 public:
  RawSocket(SocketAddress address, const ReceiverParts& parts);

  std::string Receive() override;

 private:
  // One block. Why none came: Cancelled if asked to stop, Unavailable if the connection ended or failed,
  // InvalidArgument if what came is no block.
  absl::Status ReadBlock(int socket);
  absl::Status ReadAll(int socket, std::span<char> to);
  absl::Status Skip(int socket, size_t size);

  const SocketAddress address_;
  const ReceiverParts parts_;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_RECEIVERS_RAW_SOCKET_H_
