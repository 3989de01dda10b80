#include "tests/simulation/virtual_receiver.h"

#include "common/plan/block_messages.h"
#include "tests/simulation/virtual_executor.h"

namespace millstream::simulation {
namespace {

constexpr size_t kBlocksInFlight = 4;
constexpr int64_t kMostRecords = 8;
constexpr uint64_t kQuietIntervals = 200;  // of a thousand, nothing is received in so many
constexpr int64_t kLeastCopyUs = 100;
constexpr int64_t kMostCopyUs = 3'000;

}  // namespace

VirtualReceiver::VirtualReceiver(World& world, Peers& peers, VirtualExecutor& executor,
                                 const proto::StartReceiver& start)
    : world_(world),
      peers_(peers),
      executor_(executor),
      stream_(StreamId{start.stream()}),
      epoch_(start.epoch()),
      interval_us_(int64_t{start.block_interval_ms()} * 1000),
      next_record_(world.ledger.FirstUnacknowledged(stream_)) {
  for (const uint32_t peer : start.replica_peers()) copy_to_.push_back(ExecutorId{peer});
}

void VirtualReceiver::Start() {
  Say(proto::ReceiverEvent::STARTED);
  After(world_.random.Between(1, interval_us_), &VirtualReceiver::CutForEver);
}

void VirtualReceiver::SetPeers(const proto::ReceiverPeers& peers) {
  if (peers.epoch() != epoch_) return;
  copy_to_.clear();
  for (const uint32_t peer : peers.replica_peers()) copy_to_.push_back(ExecutorId{peer});
}

void VirtualReceiver::Stop() {
  if (stopping_ || abandoned_) return;
  stopping_ = true;
  if (cut_.empty()) Say(proto::ReceiverEvent::STOPPED);
}

void VirtualReceiver::CutForEver() {
  if (stopping_) return;
  // Who sends waits while too many blocks wait for their copy.
  if (cut_.size() < kBlocksInFlight && !world_.random.Chance(kQuietIntervals)) Cut();
  After(interval_us_, &VirtualReceiver::CutForEver);
}

void VirtualReceiver::Cut() {
  const plan::BlockId block{plan::BlockId::Kind::kReceived, Number(stream_),
                            uint64_t{epoch_} << 32 | next_block_++, 0};
  const auto records = static_cast<uint64_t>(world_.random.Between(1, kMostRecords));
  world_.ledger.Cut(block, next_record_, records);
  next_record_ += records;
  executor_.Put(block, world_.ledger.ValueOf(block));
  cut_.push_back(block);
  if (cut_.size() == 1) CopyNext();
}

void VirtualReceiver::CopyNext() {
  if (!cut_.empty()) return CopyTo(0);
  if (stopping_) Say(proto::ReceiverEvent::STOPPED);
}

void VirtualReceiver::CopyTo(size_t peer) {
  const ExecutorId self = executor_.id();
  if (peer >= copy_to_.size()) return ReportNext({self});
  const ExecutorId to = copy_to_[peer];
  const bool answers = peers_.Reach(self, to) != nullptr;
  const int64_t takes_us = answers ? world_.random.Between(kLeastCopyUs, kMostCopyUs) : kPeerTimeoutUs;
  executor_.After(takes_us, [this, keep = shared_from_this(), self, to, peer] {
    if (abandoned_) return;
    VirtualExecutor* target = peers_.Reach(self, to);
    if (target == nullptr) return CopyTo(peer + 1);
    target->Put(cut_.front(), world_.ledger.ValueOf(cut_.front()));
    ReportNext({self, to});
  });
}

void VirtualReceiver::ReportNext(const std::vector<ExecutorId>& holders) {
  const plan::BlockId block = cut_.front();
  cut_.pop_front();
  world_.ledger.Report(block, holders);
  proto::FromExecutor message;
  proto::ReceivedBlock& report = *message.add_blocks();
  report.set_epoch(epoch_);
  plan::ToProto(block, *report.mutable_block()->mutable_id());
  report.mutable_block()->set_bytes(100);
  for (const ExecutorId holder : holders) report.mutable_block()->add_peers(Number(holder));
  executor_.Send(message);
  CopyNext();
}

void VirtualReceiver::Say(proto::ReceiverEvent::Kind kind) {
  proto::FromExecutor message;
  proto::ReceiverEvent& event = *message.add_receivers();
  event.set_stream(Number(stream_));
  event.set_epoch(epoch_);
  event.set_kind(kind);
  executor_.Send(message);
}

void VirtualReceiver::After(int64_t delay_us, void (VirtualReceiver::*action)()) {
  executor_.After(delay_us, [this, keep = shared_from_this(), action] {
    if (!abandoned_) (this->*action)();
  });
}

}  // namespace millstream::simulation
