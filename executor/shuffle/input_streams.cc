#include "executor/shuffle/input_streams.h"

#include <millstream/exec/task_error.h>

#include <string>
#include <utility>

namespace millstream::executor {
namespace {

void ThrowIfCancelled(const absl::Status& status) {
  if (absl::IsCancelled(status)) throw exec::TaskError(status);
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

}  // namespace

bool BlockSequence::Next(exec::Bytes& slice) {
  for (;;) {
    if (here_ != nullptr && here_->Next(slice)) return true;
    here_.reset();
    if (!came_along_.view.empty()) {
      slice = std::exchange(came_along_, {});
      return true;
    }
    if (arriving_) {
      const absl::StatusOr<bool> more = fetched_->Next(*arriving_, next_++, slice);
      if (!more.ok()) {
        ThrowIfCancelled(more.status());
        throw Lost(more.status());
      }
      if (*more) return true;
      arriving_.reset();
    }
    if (!OpenNext()) return false;
  }
}

bool BlockSequence::OpenHere(const plan::BlockId& id) {
  here_ = parts_.blocks->Open(id);
  return here_ != nullptr;
}

bool BlockSequence::OpenCarried(const plan::BlockId& id) {
  const auto found = carried_.find(id);
  if (found == carried_.end()) return false;
  came_along_ = found->second;
  return true;
}

void BlockSequence::OpenFetched(const plan::BlockId& id) {
  arriving_ = id;
  next_ = 0;
}

absl::Status BlockSequence::OpenNow(ExecutorId peer, const plan::BlockId& id) {
  absl::StatusOr<BlockHandle> block = FetchedBlocks::FetchNow(*parts_.blocks, *parts_.transport, peer, id);
  if (!block.ok()) {
    ThrowIfCancelled(block.status());
    return block.status();
  }
  here_ = parts_.blocks->Open(*std::move(block));
  return absl::OkStatus();
}

plan::BlockId ShuffleSlices::Id() const {
  return {plan::BlockId::Kind::kShuffle, source_.shuffle, opened_ - 1, static_cast<uint64_t>(reducer_)};
}

bool ShuffleSlices::OpenNext() {
  if (opened_ == source_.holders.size()) return false;
  const ExecutorId holder = source_.holders[opened_++];
  if (holder == parts_.self) {
    if (!OpenHere(Id())) throw Lost(absl::NotFoundError("it is not kept here"));
  } else if (OpenCarried(Id())) {
    return true;
  } else if (fetched_ != nullptr && fetched_->Contains(Id())) {
    OpenFetched(Id());
  } else {
    const absl::Status status = OpenNow(holder, Id());
    if (!status.ok()) throw Lost(status);
  }
  return true;
}

InputLost ShuffleSlices::Lost(const absl::Status& status) const {
  return InputLost::Shuffle(Id(), source_.holders[opened_ - 1], Message(status));
}

bool BlockListSlices::OpenNext() {
  if (opened_ == blocks_.size()) return false;
  const plan::BlockLocation& block = blocks_[opened_++];
  if (OpenHere(block.id) || OpenCarried(block.id)) return true;
  absl::Status status = absl::NotFoundError("no peer is said to have it");
  bool first = true;
  for (const ExecutorId peer : block.peers) {
    if (peer == parts_.self) continue;
    if (first && fetched_ != nullptr && fetched_->Contains(block.id)) {
      status = fetched_->WaitFor(block.id);
      ThrowIfCancelled(status);
      if (status.ok()) OpenFetched(block.id);
    } else {
      status = OpenNow(peer, block.id);
    }
    if (status.ok()) return true;
    first = false;
  }
  throw Lost(status);
}

InputLost BlockListSlices::Lost(const absl::Status& status) const {
  return InputLost::Block(blocks_[opened_ - 1].id, Message(status));
}

}  // namespace millstream::executor
