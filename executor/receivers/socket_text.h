#ifndef MILLSTREAM_EXECUTOR_RECEIVERS_SOCKET_TEXT_H_
#define MILLSTREAM_EXECUTOR_RECEIVERS_SOCKET_TEXT_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "executor/receivers/line_blocks.h"
#include "executor/receivers/rate_limit.h"
#include "executor/receivers/receiver.h"
#include "executor/receivers/tcp_connect.h"

namespace millstream::executor {

// Reads lines from a TCP server.
class SocketText : public Receiver {
 public:
  SocketText(SocketAddress address, const ReceiverParts& parts);

  std::string Receive() override;

 private:
  using Time = std::chrono::steady_clock::time_point;

  // Reads until the connection ends, or until asked to stop; returns why it ended.
  std::string Read(int socket);
  // False: nothing to read before the next cut; waits otherwise.
  void WaitForBytes(int socket);
  // With a rate limit: takes lines in one by one, and waits for each.
  void LetIn(std::string_view bytes);
  void AwaitRate();
  void StartInterval();
  void CutIfDue();
  void SetLowWater(int socket, int bytes);
  void WarnOfDropped();

  const SocketAddress address_;
  const std::chrono::milliseconds block_interval_;
  const ReceiverParts parts_;
  LineBlocks lines_;
  std::optional<RateLimit> limit_;
  std::vector<char> waiting_;  // with a limit: what was read and is not let in yet
  const Time start_;
  std::optional<Time> cut_at_;  // nothing has come since the last cut: not set
  int low_water_ = 1;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_RECEIVERS_SOCKET_TEXT_H_
