#include "driver/batches/block_tracker.h"

#include <algorithm>
#include <utility>

#include "common/plan/block_messages.h"

namespace millstream::driver {
namespace {

constexpr size_t kCopiesAtOnce = 64;
constexpr int kCopyTries = 3;

proto::ToExecutor::Command& Send(ExecutorId executor, std::vector<BatchCommand>& commands) {
  commands.emplace_back(SendCommand{executor, {}});
  return std::get<SendCommand>(commands.back()).command;
}

}  // namespace

void BlockTracker::Join(ExecutorId executor, std::vector<BatchCommand>& commands) {
  executors_.insert(executor);
  for (auto& [id, block] : blocks_) {
    if (block.peers.empty() || block.peers.size() >= block.copies || copying_.contains(id)) continue;
    block.failures = 0;
    lacking_.insert(id);
  }
  CopyAgain(commands);
}

void BlockTracker::Lose(ExecutorId executor, const std::string& reason, std::vector<BatchCommand>& commands) {
  if (executors_.erase(executor) == 0) return;
  std::erase_if(copying_, [&](const auto& copy) {
    if (copy.second == executor) lacking_.insert(copy.first);
    return copy.second == executor;
  });
  for (auto& [id, block] : blocks_) {
    if (std::erase(block.peers, executor) == 0) continue;
    if (block.peers.empty()) {
      block.loss = "executor " + std::to_string(Number(executor)) + " " + reason;
      lacking_.erase(id);
      copying_.erase(id);
    } else if (block.peers.size() < block.copies) {
      lacking_.insert(id);
      // The copy under way may have been read from the one that is gone.
      copying_.erase(id);
    }
  }
  CopyAgain(commands);
}

void BlockTracker::Add(const plan::BlockLocation& location, size_t copies,
                       std::vector<BatchCommand>& commands) {
  Block& block = blocks_[location.id];
  block.bytes = location.bytes;
  block.copies = copies;
  for (const ExecutorId peer : location.peers) {
    if (executors_.contains(peer)) block.peers.push_back(peer);
  }
  if (block.peers.empty()) block.loss = "the executors that had it are gone";
  if (!block.peers.empty() && block.peers.size() < copies) {
    lacking_.insert(location.id);
    CopyAgain(commands);
  }
}

void BlockTracker::Replicated(const BlockReplicated& event, std::vector<BatchCommand>& commands) {
  const auto copy = copying_.find(event.block);
  const bool expected = copy != copying_.end() && copy->second == event.to;
  if (expected) copying_.erase(copy);
  const auto found = blocks_.find(event.block);
  if (found == blocks_.end()) {
    if (event.ok && executors_.contains(event.to)) {
      plan::ToProto(event.block, *Send(event.to, commands).mutable_drop()->add_blocks());
    }
  } else if (Block& block = found->second; event.ok && executors_.contains(event.to)) {
    if (std::find(block.peers.begin(), block.peers.end(), event.to) == block.peers.end()) {
      block.peers.push_back(event.to);
      block.moved = true;
      commands.emplace_back(BlockMoved{event.block, block.peers});
    }
    if (block.peers.size() >= block.copies) lacking_.erase(event.block);
  } else if (expected && !block.peers.empty() && ++block.failures < kCopyTries) {
    lacking_.insert(event.block);
  }
  CopyAgain(commands);
}

std::optional<ExecutorId> BlockTracker::TargetFor(const Block& block) const {
  // The next executor round the ring after the first holder, so that copies spread.
  auto at = executors_.upper_bound(block.peers.front());
  for (size_t i = 0; i < executors_.size(); ++i, ++at) {
    if (at == executors_.end()) at = executors_.begin();
    if (std::find(block.peers.begin(), block.peers.end(), *at) == block.peers.end()) return *at;
  }
  return std::nullopt;
}

void BlockTracker::CopyAgain(std::vector<BatchCommand>& commands) {
  for (auto at = lacking_.begin(); at != lacking_.end() && copying_.size() < kCopiesAtOnce;) {
    const Block& block = blocks_.at(*at);
    const std::optional<ExecutorId> target = TargetFor(block);
    if (!target) {
      // Join() lists it again.
      at = lacking_.erase(at);
      continue;
    }
    proto::Replicate& replicate = *Send(block.peers.front(), commands).mutable_replicate();
    plan::ToProto(*at, *replicate.mutable_block());
    replicate.set_to(Number(*target));
    copying_[*at] = *target;
    at = lacking_.erase(at);
  }
}

plan::BlockLocation BlockTracker::Locate(const plan::BlockId& id) const {
  const Block& block = blocks_.at(id);
  return {id, block.bytes, block.peers};
}

std::optional<std::string> BlockTracker::LossOf(const plan::BlockId& id) const {
  const Block& block = blocks_.at(id);
  if (!block.peers.empty()) return std::nullopt;
  return block.loss;
}

void BlockTracker::Settle(const std::vector<plan::BlockId>& ids, std::vector<BatchCommand>& commands) {
  std::map<ExecutorId, proto::Drop> drops;
  for (const plan::BlockId& id : ids) {
    const auto node = blocks_.extract(id);
    if (node.empty()) continue;
    for (const ExecutorId peer : node.mapped().peers) plan::ToProto(id, *drops[peer].add_blocks());
    lacking_.erase(id);
    copying_.erase(id);
    if (node.mapped().moved) commands.emplace_back(BlockMoved{id, {}});
  }
  for (auto& [executor, drop] : drops) *Send(executor, commands).mutable_drop() = std::move(drop);
}

}  // namespace millstream::driver
