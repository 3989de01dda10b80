#ifndef MILLSTREAM_TESTS_DRIVER_BATCHES_BATCH_HARNESS_H_
#define MILLSTREAM_TESTS_DRIVER_BATCHES_BATCH_HARNESS_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "driver/batches/batch_scheduler.h"

namespace millstream::driver {

using Command = proto::ToExecutor::Command;
inline plan::StreamingRequest Request(int receivers, StorageLevel level = StorageLevel::kMemoryAndDiskSer2) {
  plan::StreamingRequest request;
  request.interval = std::chrono::milliseconds(1000);
  for (int i = 0; i < receivers; ++i) {
    request.receivers.push_back(
        {StreamId{static_cast<uint32_t>(i)}, "socket_text", "", "socket " + std::to_string(i), level});
  }
  return request;
}

// A batch scheduler whose executors, receivers and user are played by the test.
class BatchHarness {
 public:
  explicit BatchHarness(const plan::StreamingRequest& request) : scheduler_(request) {}

  void Handle(const BatchEvent& event) {
    std::vector<BatchCommand> commands;
    scheduler_.Handle(event, commands);
    for (BatchCommand& command : commands) Take(command);
  }
  void Join(uint32_t executor, int cores = 1, const std::string& host = "") {
    Handle(ExecutorJoined{ExecutorId{executor}, cores, host});
  }
  void Lose(uint32_t executor) { Handle(ExecutorLost{ExecutorId{executor}, "was killed"}); }
  void Start(int64_t now_ms) { Handle(StreamingStarted{now_ms}); }
  void Tick(int64_t now_ms) { Handle(TimePassed{now_ms}); }

  void Report(uint32_t executor, uint64_t sequence, std::vector<uint32_t> peers, uint32_t stream = 0,
              uint32_t epoch = 1) {
    plan::BlockLocation block{
        {plan::BlockId::Kind::kReceived, stream, uint64_t{epoch} << 32 | sequence, 0}, 10, {}};
    for (const uint32_t peer : peers) block.peers.push_back(ExecutorId{peer});
    Handle(BlockReported{ExecutorId{executor}, epoch, block});
  }
  void AskStored(uint32_t executor, uint32_t stream = 0, uint32_t epoch = 1) {
    Handle(
        ReceiverReported{StreamId{stream}, epoch, ReceiverReported::Kind::kStored, "", ExecutorId{executor}});
  }
  // The answers to AskStored, in order.
  std::vector<bool> Answers() {
    std::vector<bool> answers;
    for (const SendCommand& send : Take(Command::kReceiverStored))
      answers.push_back(send.command.receiver_stored().accepted());
    return answers;
  }
  void Stopped(uint32_t stream = 0, uint32_t epoch = 1) {
    Handle(ReceiverReported{StreamId{stream}, epoch, ReceiverReported::Kind::kStopped, ""});
  }
  void Finish(absl::Status status = absl::OkStatus()) {
    const BatchId id = running.at(0).id;
    running.erase(running.begin());
    Handle(BatchEnded{id, std::move(status)});
  }

  std::vector<SendCommand> Take(Command::KindCase kind) {
    std::vector<SendCommand> taken;
    for (SendCommand& send : sent) {
      if (send.command.kind_case() == kind) taken.push_back(std::move(send));
    }
    std::erase_if(sent, [&](const SendCommand& send) {
      return send.command.kind_case() == kind || send.command.kind_case() == 0;
    });
    return taken;
  }
  std::vector<uint64_t> BlocksOf(size_t batch, size_t stream = 0) const {
    std::vector<uint64_t> sequences;
    for (const auto& block : running.at(batch).inputs.at(stream).blocks)
      sequences.push_back(block.id.b & 0xffffffff);
    return sequences;
  }

  std::vector<plan::BatchRecord> running;  // RunBatch not answered yet
  std::vector<SendCommand> sent;
  std::vector<BlockMoved> moved;
  std::vector<CoresReserved> reserved;
  std::vector<std::string> log;
  std::optional<absl::Status> ended;
  int cancels = 0;
  const BatchScheduler& scheduler() const { return scheduler_; }

 private:
  void Take(BatchCommand& command) {
    if (auto* run = std::get_if<RunBatch>(&command)) running.push_back(run->batch);
    if (auto* send = std::get_if<SendCommand>(&command)) sent.push_back(*send);
    if (auto* move = std::get_if<BlockMoved>(&command)) moved.push_back(*move);
    if (auto* cores = std::get_if<CoresReserved>(&command)) reserved.push_back(*cores);
    if (auto* line = std::get_if<LogLine>(&command)) log.push_back(line->text);
    if (auto* end = std::get_if<StreamingEnded>(&command)) ended = end->status;
    if (std::holds_alternative<CancelBatches>(command)) ++cancels;
  }

  BatchScheduler scheduler_;
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_TESTS_DRIVER_BATCHES_BATCH_HARNESS_H_
