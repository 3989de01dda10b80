#ifndef MILLSTREAM_TESTS_SIMULATION_VIRTUAL_RECEIVER_H_
#define MILLSTREAM_TESTS_SIMULATION_VIRTUAL_RECEIVER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "common/base/ids.h"
#include "common/plan/block_id.h"
#include "proto/control.pb.h"
#include "tests/simulation/world.h"

namespace millstream::simulation {

class VirtualExecutor;

// A receiver of a source that can say again what was not acknowledged: cuts blocks, has each copied to a
// peer, and reports them in order.
class VirtualReceiver : public std::enable_shared_from_this<VirtualReceiver> {
 public:
  VirtualReceiver(World& world, Peers& peers, VirtualExecutor& executor, const proto::StartReceiver& start);

  void Start();
  void SetPeers(const proto::ReceiverPeers& peers);
  // Says kStopped when everything that was cut is reported.
  void Stop();
  // Does nothing any more.
  void Abandon() { abandoned_ = true; }
  uint32_t epoch() const { return epoch_; }
  bool IsOver() const { return abandoned_ || (stopping_ && cut_.empty()); }

 private:
  void CutForEver();
  void Cut();
  void CopyNext();
  void CopyTo(size_t peer);
  void ReportNext(const std::vector<ExecutorId>& holders);
  void Say(proto::ReceiverEvent::Kind kind);
  void After(int64_t delay_us, void (VirtualReceiver::*action)());

  World& world_;
  Peers& peers_;
  VirtualExecutor& executor_;
  const StreamId stream_;
  const uint32_t epoch_;
  const int64_t interval_us_;
  std::vector<ExecutorId> copy_to_;
  uint64_t next_record_ = 0;
  uint64_t next_block_ = 0;
  std::deque<plan::BlockId> cut_;  // and not reported; the first one is being copied
  bool stopping_ = false;
  bool abandoned_ = false;
};

}  // namespace millstream::simulation

#endif  // MILLSTREAM_TESTS_SIMULATION_VIRTUAL_RECEIVER_H_
