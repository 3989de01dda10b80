#include "common/rpc/in_memory_blocks.h"

#include <mutex>
#include <string>
#include <utility>

#include "common/rpc/deliver_slices.h"

namespace millstream::rpc {
namespace {

absl::Status NoSuchPeer(ExecutorId peer) {
  return absl::UnavailableError("executor " + std::to_string(Number(peer)) + " is gone");
}

}  // namespace

void InMemoryBlockTransport::Register(ExecutorId peer, BlockSource& source) {
  std::lock_guard lock(mutex_);
  sources_[peer] = &source;
}

void InMemoryBlockTransport::Unregister(ExecutorId peer) {
  std::lock_guard lock(mutex_);
  sources_.erase(peer);
}

void InMemoryBlockTransport::FailFetches(
    std::function<absl::Status(ExecutorId, const plan::BlockId&)> fault) {
  fault_ = std::move(fault);
}

absl::Status InMemoryBlockTransport::Fetch(ExecutorId peer, std::span<const plan::BlockId> blocks,
                                           const OnSlice& on_slice) {
  for (size_t i = 0; i < blocks.size(); ++i) {
    absl::StatusOr<exec::Slices> slices = Get(peer, blocks[i]);
    if (absl::IsUnavailable(slices.status())) return slices.status();
    if (!DeliverSlices(i, std::move(slices), on_slice))
      return absl::CancelledError("the reader ended the fetch");
  }
  return absl::OkStatus();
}

absl::Status InMemoryBlockTransport::Put(ExecutorId peer, const plan::BlockId& id,
                                         const exec::Slices& slices) {
  std::shared_lock lock(mutex_);
  const auto source = sources_.find(peer);
  if (source == sources_.end()) return NoSuchPeer(peer);
  return source->second->Put(id, slices);
}

void InMemoryBlockTransport::SetPeer(ExecutorId, const std::string&) {}

absl::StatusOr<exec::Slices> InMemoryBlockTransport::Get(ExecutorId peer, const plan::BlockId& id) {
  if (fault_) {
    if (absl::Status fault = fault_(peer, id); !fault.ok()) return fault;
  }
  std::shared_lock lock(mutex_);
  const auto source = sources_.find(peer);
  if (source == sources_.end()) return NoSuchPeer(peer);
  return source->second->Get(id);
}

}  // namespace millstream::rpc
