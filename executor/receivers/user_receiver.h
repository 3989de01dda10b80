#ifndef MILLSTREAM_EXECUTOR_RECEIVERS_USER_RECEIVER_H_
#define MILLSTREAM_EXECUTOR_RECEIVERS_USER_RECEIVER_H_

#include <millstream/exec/kernel.h>
#include <millstream/exec/receiver.h>
#include <millstream/exec/slice_writer.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "executor/receivers/rate_limit.h"
#include "executor/receivers/receiver.h"

namespace millstream::executor {

// Runs a program's own receiver. The rows it stores one by one become blocks of at most 1 MiB, which a thread
// of their own cuts a block interval after their first row at the latest: the receiver may sleep for as long
// as it likes.
class UserReceiver : public Receiver, private exec::ReceiverSupervisor {
 public:
  UserReceiver(const exec::KernelDescriptor& kernel, const ReceiverParts& parts);
  ~UserReceiver() override;
  UserReceiver(const UserReceiver&) = delete;
  UserReceiver& operator=(const UserReceiver&) = delete;

  std::string Receive() override;

 private:
  using Time = std::chrono::steady_clock::time_point;

  void Store(std::string_view row) override;
  bool StoreAll(const NextRow& next) override;
  void Restart(const std::string& why) override;
  void ReportError(const std::string& why) override;
  bool Stopped() const override { return parts_.stop.requested() || restarting_.load(); }

  // Calls the user's code; returns why it ended.
  std::string Call();
  void AwaitRate();
  void CutOnTime();

  // With mutex_ held.
  void Append(std::string_view row);
  void AddBlocks(exec::Slices blocks);
  void Cut();

  const exec::KernelDescriptor& kernel_;
  const ReceiverParts parts_;
  std::optional<RateLimit> limit_;
  std::atomic<bool> restarting_{false};

  std::mutex restart_mutex_;
  std::string restart_why_;  // if restarting_

  std::mutex mutex_;  // protects what follows, and parts_.blocks
  std::condition_variable changed_;
  exec::SliceWriter rows_;
  std::optional<Time> cut_at_;  // nothing is stored: not set
  uint64_t dropped_ = 0;
  bool closing_ = false;
  std::thread cutter_;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_RECEIVERS_USER_RECEIVER_H_
