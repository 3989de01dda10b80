#ifndef MILLSTREAM_EXECUTOR_RECEIVERS_SOCKET_TEXT_H_
#define MILLSTREAM_EXECUTOR_RECEIVERS_SOCKET_TEXT_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "executor/receivers/line_blocks.h"
#include "executor/receivers/received_blocks.h"
#include "executor/receivers/receiver_reports.h"
#include "executor/receivers/stop_signal.h"
#include "proto/control.pb.h"

namespace millstream::executor {

// Where a "socket_text" receiver connects: its state is [varint length][host][varint port].
struct SocketAddress {
  std::string host;
  uint16_t port = 0;
};
absl::StatusOr<SocketAddress> DecodeSocketAddress(std::string_view state);

// Reads lines from a TCP server, and connects again after the connection was refused, ended or failed.
class SocketText {
 public:
  // All outlive it.
  SocketText(SocketAddress address, const proto::StartReceiver& settings, const ExecutorParts& parts,
             ReceivedBlocks& blocks, ReceiverReports& reports, const StopSignal& stop);

  // Returns when it is asked to stop, with everything whole that it read added and reported.
  void Run();

 private:
  using Time = std::chrono::steady_clock::time_point;

  // Reads until the connection ends, or until asked to stop; returns why it ended.
  std::string Read(int socket);
  // False: nothing to read before the next cut; waits otherwise.
  void WaitForBytes(int socket);
  void CutIfDue();
  void SetLowWater(int socket, int bytes);
  void WarnOfDropped();
  std::string Place() const { return address_.host + ":" + std::to_string(address_.port); }

  const SocketAddress address_;
  const std::chrono::milliseconds block_interval_;
  const std::chrono::milliseconds restart_delay_;
  const uint64_t max_record_bytes_;
  ReceivedBlocks& blocks_;
  ReceiverReports& reports_;
  const StopSignal& stop_;
  LineBlocks lines_;
  const Time start_;
  std::optional<Time> cut_at_;  // nothing has come since the last cut: not set
  int low_water_ = 1;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_RECEIVERS_SOCKET_TEXT_H_
