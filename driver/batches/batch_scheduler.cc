#include "driver/batches/batch_scheduler.h"

#include <algorithm>
#include <utility>

#include "common/plan/block_messages.h"
#include "common/plan/kernel_refs.h"
#include "driver/batches/receiver_placement.h"
#include "driver/lost_block.h"

namespace millstream::driver {
namespace {

std::string NameOf(const plan::BatchRecord& batch) {
  return "batch " + std::to_string(Number(batch.id)) + " (time " + std::to_string(batch.time_ms) + " ms)";
}

// `status` with `prefix` before its text.
absl::Status Prefixed(const std::string& prefix, const absl::Status& status) {
  return absl::Status(status.code(), prefix + std::string(status.message()));
}

}  // namespace

BatchScheduler::BatchScheduler(const plan::StreamingRequest& request)
    : request_(request), interval_ms_(request.interval.count()) {
  for (const plan::ReceiverSpec& spec : request.receivers) receivers_[spec.stream].spec = spec;
}

void BatchScheduler::Handle(const BatchEvent& event, std::vector<BatchCommand>& commands) {
  commands_ = &commands;
  std::visit([this](const auto& e) { On(e); }, event);
  commands_ = nullptr;
}

std::optional<int64_t> BatchScheduler::NextTickMs() const {
  if (phase_ != Phase::kRunning && phase_ != Phase::kStoppingReceivers) return std::nullopt;
  return next_tick_ms_;
}

void BatchScheduler::On(const ExecutorJoined& event) {
  executors_[event.executor] = {event.cores, event.host};
  blocks_.Join(event.executor, *commands_);
  TellPeers();
  if (executors_.size() > 1 && std::exchange(warned_of_single_copies_, false)) {
    Log(false, "there are two executors: what is received gets two copies");
  }
  PlaceReceivers();
}

void BatchScheduler::On(const ExecutorLost& event) {
  if (executors_.erase(event.executor) == 0) return;
  blocks_.Lose(event.executor, event.reason, *commands_);
  for (auto& [stream, receiver] : receivers_) {
    if (receiver.executor == event.executor) receiver.executor.reset();
  }
  PlaceReceivers();
  DrainIfStopped();
}

void BatchScheduler::On(const StreamingStarted& event) {
  phase_ = Phase::kRunning;
  WarnOfSingleCopies();
  next_tick_ms_ = (event.now_ms / interval_ms_ + 1) * interval_ms_;
  PlaceReceivers();
}

// Where the executor is this very process, what ends the one ends the other.
void BatchScheduler::WarnOfSingleCopies() {
  if (executors_.size() != 1 || executors_.begin()->second.host.empty()) return;
  for (const auto& [stream, receiver] : receivers_) {
    if (Replicas(receiver.spec.level) < 2) continue;
    warned_of_single_copies_ = true;
    return Log(true,
               receiver.spec.label +
                   ": its storage level asks for two copies, and there is one executor: what is received "
                   "is lost if that ends. Run at least two executors");
  }
}

void BatchScheduler::On(const TimePassed& event) {
  // A late timer makes up for every tick it missed, in sequence.
  while (NextTickMs() && next_tick_ms_ <= event.now_ms) CutBatch();
  PlaceReceivers();
  RunNext();
}

void BatchScheduler::On(const BlockReported& event) {
  Receiver* const receiver =
      Reporting(StreamId{static_cast<uint32_t>(event.block.id.a)}, event.epoch, event.executor);
  if (receiver == nullptr) {
    // Of a receiver that was given up: nobody will read it, unless it is being told again.
    if (blocks_.Has(event.block.id)) return;
    for (const ExecutorId peer : event.block.peers) {
      if (!executors_.contains(peer)) continue;
      commands_->emplace_back(SendCommand{peer, {}});
      proto::Drop& drop = *std::get<SendCommand>(commands_->back()).command.mutable_drop();
      plan::ToProto(event.block.id, *drop.add_blocks());
    }
    return;
  }
  // A receiver numbers its blocks and reports them in order: this one was reported before, and may have been
  // counted and forgotten since.
  if (event.block.id.b < receiver->next_block) return;
  receiver->next_block = event.block.id.b + 1;
  const auto copies = static_cast<size_t>(std::max(1, Replicas(receiver->spec.level)));
  blocks_.Add(event.block, copies, *commands_);
  receiver->blocks.push_back(event.block.id);
}

void BatchScheduler::On(const ReceiverReported& event) {
  if (event.kind == ReceiverReported::Kind::kStored) return TellStored(event);
  const auto found = receivers_.find(event.stream);
  if (found == receivers_.end() || found->second.epoch != event.epoch) return;
  Receiver& receiver = found->second;
  if (event.kind == ReceiverReported::Kind::kConnected) Log(false, receiver.spec.label + ": connected");
  if (event.kind == ReceiverReported::Kind::kNote) Log(false, receiver.spec.label + ": " + event.message);
  if (event.kind == ReceiverReported::Kind::kError) Log(true, receiver.spec.label + ": " + event.message);
  if (event.kind != ReceiverReported::Kind::kStopped || !receiver.executor) return;
  // One that ends by itself starts anew at the next tick, possibly elsewhere.
  Release(receiver);
  DrainIfStopped();
}

void BatchScheduler::On(const BlockReplicated& event) { blocks_.Replicated(event, *commands_); }

void BatchScheduler::On(const BatchEnded& event) {
  if (!running_ || batches_.front().id != event.batch) return;
  running_ = false;
  const plan::BatchRecord batch = std::move(batches_.front());
  batches_.pop_front();
  if (phase_ == Phase::kCancelling) return End(absl::OkStatus());
  if (!event.status.ok()) return End(Prefixed(NameOf(batch) + ": ", event.status));
  std::vector<plan::BlockId> read;
  for (const plan::StreamInput& input : batch.inputs) {
    for (const plan::BlockLocation& block : input.blocks) read.push_back(block.id);
  }
  blocks_.Settle(read, *commands_);
  RunNext();
  DrainIfStopped();
}

void BatchScheduler::On(const StopRequested& event) {
  if (phase_ == Phase::kEnded || phase_ == Phase::kCancelling) return;
  if (!event.graceful) return StopNow();
  if (phase_ != Phase::kRunning) return;
  phase_ = Phase::kStoppingReceivers;
  StopReceivers();
  DrainIfStopped();
}

void BatchScheduler::On(const ReceiversOverdue&) {
  if (phase_ != Phase::kStoppingReceivers) return;
  Log(true, "receivers did not stop in " + std::to_string(request_.graceful_timeout.count()) +
                " ms; stopping without them");
  for (auto& [stream, receiver] : receivers_) {
    if (receiver.executor) Release(receiver);
  }
  DrainIfStopped();
}

BatchScheduler::Receiver* BatchScheduler::Reporting(StreamId stream, uint32_t epoch, ExecutorId executor) {
  if (phase_ != Phase::kRunning && phase_ != Phase::kStoppingReceivers) return nullptr;
  const auto found = receivers_.find(stream);
  if (found == receivers_.end()) return nullptr;
  Receiver& receiver = found->second;
  return receiver.epoch == epoch && receiver.executor == executor ? &receiver : nullptr;
}

// Those that prefer a host choose first.
void BatchScheduler::PlaceReceivers() {
  if (phase_ != Phase::kRunning) return;
  for (const bool choosy : {true, false}) {
    for (auto& [stream, receiver] : receivers_) {
      if (receiver.executor || receiver.spec.preferred_host.empty() == choosy) continue;
      std::vector<ReceiverLoad> loads;
      loads.reserve(executors_.size());
      for (const auto& [id, executor] : executors_)
        loads.push_back({id, executor.cores, ReceiversOn(id), executor.host});
      const std::optional<ExecutorId> executor = PlaceReceiver(loads, receiver.spec.preferred_host);
      if (!executor) return;
      StartReceiver(receiver, *executor);
    }
  }
}

void BatchScheduler::StartReceiver(Receiver& receiver, ExecutorId executor) {
  receiver.executor = executor;
  ++receiver.epoch;
  commands_->emplace_back(CoresReserved{executor, ReceiversOn(executor)});
  commands_->emplace_back(SendCommand{executor, {}});
  proto::StartReceiver& start = *std::get<SendCommand>(commands_->back()).command.mutable_start_receiver();
  start.set_stream(Number(receiver.spec.stream));
  start.set_epoch(receiver.epoch);
  plan::EncodeClosure({receiver.spec.kernel, receiver.spec.state}, *start.mutable_modules(),
                      *start.mutable_receiver());
  if (!receiver.spec.builtin.empty())
    start.mutable_receiver()->mutable_kernel()->mutable_builtin()->set_name(receiver.spec.builtin);
  start.set_block_interval_ms(
      static_cast<uint32_t>(std::min(request_.block_interval, request_.interval).count()));
  start.set_max_record_bytes(request_.max_record_bytes);
  start.set_restart_delay_ms(static_cast<uint32_t>(request_.receiver_restart_delay.count()));
  start.set_level(static_cast<uint32_t>(receiver.spec.level));
  start.set_max_rate(static_cast<uint64_t>(std::max(int64_t{0}, request_.receiver_max_rate)));
  if (Replicas(receiver.spec.level) >= 2) AddPeers(executor, start);
}

void BatchScheduler::TellStored(const ReceiverReported& event) {
  if (!executors_.contains(event.executor)) return;
  commands_->emplace_back(SendCommand{event.executor, {}});
  proto::ReceiverStored& stored = *std::get<SendCommand>(commands_->back()).command.mutable_receiver_stored();
  stored.set_stream(Number(event.stream));
  stored.set_epoch(event.epoch);
  stored.set_accepted(Reporting(event.stream, event.epoch, event.executor) != nullptr);
}

// Receivers that run learn where else copies can go.
void BatchScheduler::TellPeers() {
  for (const auto& [stream, receiver] : receivers_) {
    if (!receiver.executor || Replicas(receiver.spec.level) < 2) continue;
    commands_->emplace_back(SendCommand{*receiver.executor, {}});
    proto::ReceiverPeers& peers = *std::get<SendCommand>(commands_->back()).command.mutable_receiver_peers();
    peers.set_stream(Number(stream));
    peers.set_epoch(receiver.epoch);
    AddPeers(*receiver.executor, peers);
  }
}

template <class Message>
void BatchScheduler::AddPeers(ExecutorId executor, Message& message) const {
  // Round the ring, so that the copies of several receivers spread.
  auto peer = executors_.upper_bound(executor);
  for (size_t i = 0; i + 1 < executors_.size(); ++i, ++peer) {
    if (peer == executors_.end()) peer = executors_.begin();
    message.add_replica_peers(Number(peer->first));
  }
}

void BatchScheduler::Release(Receiver& receiver) {
  const ExecutorId executor = *receiver.executor;
  receiver.executor.reset();
  if (executors_.contains(executor)) commands_->emplace_back(CoresReserved{executor, ReceiversOn(executor)});
}

void BatchScheduler::StopReceivers() {
  for (auto& [stream, receiver] : receivers_) {
    if (!receiver.executor) continue;
    commands_->emplace_back(SendCommand{*receiver.executor, {}});
    proto::StopReceiver& stop = *std::get<SendCommand>(commands_->back()).command.mutable_stop_receiver();
    stop.set_stream(Number(stream));
    stop.set_epoch(receiver.epoch);
  }
}

int BatchScheduler::ReceiversOn(ExecutorId executor) const {
  return static_cast<int>(std::count_if(receivers_.begin(), receivers_.end(), [&](const auto& receiver) {
    return receiver.second.executor == executor;
  }));
}

bool BatchScheduler::AnyReceiverRuns() const {
  return std::any_of(receivers_.begin(), receivers_.end(),
                     [](const auto& receiver) { return receiver.second.executor.has_value(); });
}

void BatchScheduler::CutBatch() {
  plan::BatchRecord batch;
  batch.id = BatchId{next_batch_++};
  batch.time_ms = next_tick_ms_;
  next_tick_ms_ += interval_ms_;
  for (auto& [stream, receiver] : receivers_) {
    plan::StreamInput& input = batch.inputs.emplace_back();
    input.stream = stream;
    for (const plan::BlockId& block : receiver.blocks) input.blocks.push_back({block, 0, {}});
    receiver.blocks.clear();
  }
  batches_.push_back(std::move(batch));
}

void BatchScheduler::RunNext() {
  if (running_ || batches_.empty() || phase_ == Phase::kEnded) return;
  plan::BatchRecord& batch = batches_.front();
  if (absl::Status status = LocateBlocks(batch); !status.ok())
    return End(Prefixed(NameOf(batch) + ": ", status));
  running_ = true;
  commands_->emplace_back(RunBatch{batch});
}

// Where the blocks are now, which need not be where they were reported.
absl::Status BatchScheduler::LocateBlocks(plan::BatchRecord& batch) const {
  for (plan::StreamInput& input : batch.inputs) {
    for (plan::BlockLocation& block : input.blocks) {
      if (const auto loss = blocks_.LossOf(block.id)) {
        return NoCopyIsLeft(receivers_.at(input.stream).spec.label, block.id, *loss);
      }
      block = blocks_.Locate(block.id);
    }
  }
  return absl::OkStatus();
}

void BatchScheduler::StopNow() {
  StopReceivers();
  if (!running_) return End(absl::OkStatus());
  phase_ = Phase::kCancelling;
  batches_.erase(batches_.begin() + 1, batches_.end());
  commands_->emplace_back(CancelBatches{});
}

void BatchScheduler::DrainIfStopped() {
  if (phase_ == Phase::kStoppingReceivers && !AnyReceiverRuns()) {
    phase_ = Phase::kDraining;
    const bool rest = std::any_of(receivers_.begin(), receivers_.end(),
                                  [](const auto& receiver) { return !receiver.second.blocks.empty(); });
    // Its time is the next of the grid; nobody waits for it to come.
    if (rest) CutBatch();
    RunNext();
  }
  if (phase_ == Phase::kDraining && batches_.empty()) End(absl::OkStatus());
}

void BatchScheduler::End(absl::Status status) {
  if (phase_ == Phase::kRunning) StopReceivers();
  for (auto& [stream, receiver] : receivers_) {
    if (receiver.executor) Release(receiver);
  }
  phase_ = Phase::kEnded;
  batches_.clear();
  commands_->emplace_back(StreamingEnded{std::move(status)});
}

void BatchScheduler::Log(bool warning, std::string text) {
  commands_->emplace_back(LogLine{warning, std::move(text)});
}

}  // namespace millstream::driver
