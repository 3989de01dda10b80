#include "executor/receivers/received_blocks.h"

#include <string>
#include <utility>

#include "common/plan/block_messages.h"

namespace millstream::executor {
namespace {

constexpr size_t kBlocksInFlight = 4;
constexpr std::chrono::milliseconds kRoomPoll{10};

}  // namespace

ReplicaPeers::ReplicaPeers(ExecutorId self, const Numbers& peers) : self_(self) { Set(peers); }

void ReplicaPeers::Set(const Numbers& peers) {
  std::lock_guard lock(mutex_);
  peers_.clear();
  for (const uint32_t peer : peers) {
    if (ExecutorId{peer} != self_) peers_.push_back(ExecutorId{peer});
  }
}

std::vector<ExecutorId> ReplicaPeers::Get() const {
  std::lock_guard lock(mutex_);
  return peers_;
}

ReceivedBlocks::ReceivedBlocks(const ExecutorParts& parts, ReceiverReports& reports,
                               const StopSignal& abandon, const ReplicaPeers& peers,
                               const proto::StartReceiver& settings)
    : parts_(parts),
      reports_(reports),
      abandon_(abandon),
      stream_(settings.stream()),
      epoch_(settings.epoch()),
      level_(static_cast<StorageLevel>(settings.level())),
      peers_(peers) {}

ReceivedBlocks::~ReceivedBlocks() { Finish(); }

void ReceivedBlocks::Add(exec::Bytes block) {
  const plan::BlockId id{plan::BlockId::Kind::kReceived, stream_, uint64_t{epoch_} << 32 | next_++, 0};
  const uint64_t bytes = block.view.size();
  if (!Store(id, block)) return;
  block = {};
  if (!thread_.joinable() && Replicas(level_) >= 2 && !peers_.Get().empty()) {
    thread_ = std::thread([this] { Serve(); });
  }
  if (thread_.joinable()) {
    Push(id);
  } else {
    Describe(id, bytes);
  }
}

bool ReceivedBlocks::Store(const plan::BlockId& id, const exec::Bytes& block) {
  for (;;) {
    const absl::Status status = parts_.blocks->Put(id, {block}, level_);
    if (status.ok()) return true;
    // What was received is not thrown away: the sender waits with us. Room comes when the driver is done with
    // blocks, so it must know of those that wait for their report.
    Report();
    reports_.Warn("room", "a received block cannot be stored: " + std::string(status.message()) +
                              ". Receiving waits for room.");
    if (abandon_.WaitFor(kRoomPoll)) return false;
  }
}

void ReceivedBlocks::Describe(const plan::BlockId& id, uint64_t bytes) {
  if (kept_ == nullptr) kept_ = std::make_shared<proto::FromExecutor>();
  proto::ReceivedBlock* report = kept_->add_blocks();
  report->set_epoch(epoch_);
  plan::ToProto(id, *report->mutable_block()->mutable_id());
  report->mutable_block()->set_bytes(bytes);
  report->mutable_block()->add_peers(Number(parts_.self));
}

void ReceivedBlocks::Copy(const plan::BlockId& id) {
  const absl::StatusOr<exec::Slices> slices = parts_.blocks->Get(id);
  if (!slices.ok()) return;
  Describe(id, TotalBytes(*slices));
  std::string failures;
  for (const ExecutorId peer : peers_.Get()) {
    if (abandon_.requested()) return;
    const absl::Status status = parts_.transport->Put(peer, id, *slices);
    if (status.ok()) {
      kept_->mutable_blocks(kept_->blocks_size() - 1)->mutable_block()->add_peers(Number(peer));
      if (std::exchange(warned_of_copies_, false)) {
        reports_.Event(proto::ReceiverEvent::NOTE, "received blocks are kept in two copies now");
      }
      return;
    }
    failures = std::string(status.message());
  }
  warned_of_copies_ |= reports_.Warn("copies", "received blocks are kept in one copy only: " + failures);
}

void ReceivedBlocks::Report() {
  if (thread_.joinable()) {
    Push(std::nullopt);
  } else {
    Send();
  }
}

void ReceivedBlocks::Flush() {
  Report();
  if (!thread_.joinable()) return;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return jobs_.empty(); });
}

void ReceivedBlocks::Send() {
  if (kept_ != nullptr) reports_.Blocks(std::exchange(kept_, nullptr));
}

void ReceivedBlocks::Push(Job job) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return jobs_.size() < kBlocksInFlight; });
  jobs_.push_back(job);
  changed_.notify_all();
}

void ReceivedBlocks::Serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return finishing_ || !jobs_.empty(); });
    if (jobs_.empty()) break;
    const Job job = jobs_.front();
    lock.unlock();
    if (job) {
      Copy(*job);
    } else {
      Send();
    }
    lock.lock();
    jobs_.pop_front();
    changed_.notify_all();
  }
  Send();
}

void ReceivedBlocks::Finish() {
  if (thread_.joinable()) {
    {
      std::lock_guard lock(mutex_);
      finishing_ = true;
    }
    changed_.notify_all();
    thread_.join();
    return;
  }
  Send();
}

}  // namespace millstream::executor
