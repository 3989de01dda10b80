#include "common/rpc/grpc_blocks.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "common/plan/block_messages.h"
#include "common/rpc/block_frames.h"
#include "common/rpc/blocking_stream.h"
#include "common/rpc/deliver_slices.h"
#include "common/rpc/grpc_block_server.h"
#include "common/rpc/message_buffers.h"
#include "common/rpc/statuses.h"

namespace millstream::rpc {
namespace {

using std::chrono::steady_clock;

constexpr int kTries = 4;
// One message is read while the next one arrives.
constexpr int kWindowBytes = 2 << 20;
constexpr std::chrono::milliseconds kFirstWait{20};

// What the peer, or the caller, said for good. Anything else may come from a damaged connection: even a
// refusal, if the secret was damaged on its way.
bool IsFinal(const absl::Status& status) {
  return status.ok() || absl::IsCancelled(status) || absl::IsResourceExhausted(status) ||
         absl::IsFailedPrecondition(status);
}

std::string Name(ExecutorId peer) {
  return peer == kDriverPeer ? "the driver" : "executor " + std::to_string(Number(peer));
}

}  // namespace

// How much of a fetch's blocks was delivered; survives the streams it took.
class GrpcBlockTransport::Progress {
 public:
  Progress(std::span<const plan::BlockId> blocks, const OnSlice& on_slice)
      : blocks_(blocks), on_slice_(on_slice) {}

  bool done() const { return block_ == blocks_.size(); }
  uint64_t delivered() const { return delivered_; }

  // The request for what is missing; frames of its answer are taken from now on.
  proto::FetchRequest Restart() {
    joiner_ = {};
    base_ = block_;
    proto::FetchRequest request;
    for (const plan::BlockId& id : blocks_.subspan(block_)) plan::ToProto(id, *request.add_blocks());
    return request;
  }

  absl::Status Take(Frame frame) {
    if (done() || base_ + frame.header.block() != block_)
      return absl::DataLossError("a frame is out of place");
    if (frame.header.missing()) {
      return Deliver(absl::NotFoundError(plan::ToString(blocks_[block_]) + " is not there"), true);
    }
    exec::Bytes slice;
    const absl::StatusOr<bool> whole = joiner_.Add(std::move(frame), slice);
    if (!whole.ok()) return whole.status();
    if (!*whole && !joiner_.complete()) return absl::OkStatus();
    // Slices that came before the stream was cut are not delivered twice.
    if (*whole && joiner_.slices() <= slices_) return absl::OkStatus();
    slices_ = joiner_.slices();
    return Deliver(std::move(slice), joiner_.complete());
  }

 private:
  absl::Status Deliver(absl::StatusOr<exec::Bytes> slice, bool last) {
    ++delivered_;
    const size_t block = block_;
    if (last) {
      ++block_;
      slices_ = 0;
      joiner_ = {};
    }
    if (on_slice_(block, std::move(slice), last)) return absl::OkStatus();
    return absl::CancelledError("the reader ended the fetch");
  }

  const std::span<const plan::BlockId> blocks_;
  const OnSlice& on_slice_;
  size_t block_ = 0;     // the first that is not complete
  size_t base_ = 0;      // the request's first
  uint32_t slices_ = 0;  // of block_, delivered
  uint64_t delivered_ = 0;
  SliceJoiner joiner_;  // of block_
};

class GrpcBlockTransport::Registration {
 public:
  Registration(Peer& peer, BlockingStream& stream) : peer_(peer), stream_(stream) {
    std::lock_guard lock(peer_.mutex);
    peer_.streams.insert(&stream_);
    if (peer_.gone) stream_.Cancel();
  }
  ~Registration() {
    std::lock_guard lock(peer_.mutex);
    peer_.streams.erase(&stream_);
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  Peer& peer_;
  BlockingStream& stream_;
};

GrpcBlockTransport::GrpcBlockTransport(const security::Credentials& own,
                                       std::chrono::milliseconds network_timeout)
    : credentials_(own), network_timeout_(network_timeout) {}

GrpcBlockTransport::~GrpcBlockTransport() = default;

void GrpcBlockTransport::SetOwn(ExecutorId self, BlockSource& blocks) {
  self_ = self;
  own_ = &blocks;
}

void GrpcBlockTransport::SetPeer(ExecutorId peer, const std::string& address) {
  std::shared_ptr<Peer> replaced;
  {
    std::lock_guard lock(mutex_);
    std::shared_ptr<Peer>& entry = peers_[peer];
    if (entry != nullptr && entry->address == address) return;
    replaced = std::move(entry);
    if (address.empty()) {
      peers_.erase(peer);
    } else {
      entry = Connect(peer, address);
    }
  }
  if (replaced == nullptr) return;
  std::lock_guard lock(replaced->mutex);
  replaced->gone = true;
  for (BlockingStream* stream : replaced->streams) stream->Cancel();
}

std::shared_ptr<GrpcBlockTransport::Peer> GrpcBlockTransport::Find(ExecutorId peer) {
  std::lock_guard lock(mutex_);
  const auto found = peers_.find(peer);
  return found == peers_.end() ? nullptr : found->second;
}

std::shared_ptr<GrpcBlockTransport::Peer> GrpcBlockTransport::Connect(ExecutorId peer,
                                                                      const std::string& address) const {
  const security::Identity identity{peer == kDriverPeer ? security::Role::kDriver : security::Role::kExecutor,
                                    credentials_.identity.application};
  // A damaged connection is found out in time for other tries.
  const RpcChannelOptions options{.window_bytes = kWindowBytes, .ping_timeout = network_timeout_ / 4};
  return std::shared_ptr<Peer>(
      new Peer{address, RpcChannel(address, credentials_, identity, options), {}, false, {}});
}

void GrpcBlockTransport::Reconnect(ExecutorId peer, const std::shared_ptr<Peer>& damaged) {
  std::lock_guard lock(mutex_);
  const auto found = peers_.find(peer);
  if (found != peers_.end() && found->second == damaged) found->second = Connect(peer, damaged->address);
}

template <typename Attempt, typename GetProgress>
absl::Status GrpcBlockTransport::Retry(ExecutorId peer, const Attempt& attempt, const GetProgress& progress) {
  uint64_t before = progress();
  auto deadline = steady_clock::now() + network_timeout_;
  std::chrono::milliseconds wait = kFirstWait;
  absl::Status status;
  for (int tries = 0; tries < kTries;) {
    const std::shared_ptr<Peer> target = Find(peer);
    if (target == nullptr) return absl::UnavailableError(Name(peer) + " is gone");
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) break;
    // Silence may come from a damaged connection too: there is time for another one.
    status = attempt(*target, std::min(left, network_timeout_ / 2));
    if (IsFinal(status)) return status;
    if (!absl::IsUnavailable(status)) Reconnect(peer, target);
    if (progress() != before) {
      before = progress();
      tries = 0;
      wait = kFirstWait;
      deadline = steady_clock::now() + network_timeout_;
    }
    if (++tries == kTries) break;
    std::this_thread::sleep_for(wait);
    wait *= 3;
  }
  const absl::string_view cause = status.message();
  return absl::UnavailableError(Name(peer) + ": " + std::string(cause.data(), cause.size()));
}

absl::Status GrpcBlockTransport::Fetch(ExecutorId peer, std::span<const plan::BlockId> blocks,
                                       const OnSlice& on_slice) {
  if (own_ != nullptr && peer == self_) {
    for (size_t i = 0; i < blocks.size(); ++i) {
      if (!DeliverSlices(i, own_->Get(blocks[i]), on_slice))
        return absl::CancelledError("the reader ended the fetch");
    }
    return absl::OkStatus();
  }
  Progress progress(blocks, on_slice);
  if (progress.done()) return absl::OkStatus();
  return Retry(
      peer, [&](Peer& target, auto patience) { return FetchOnce(target, patience, progress); },
      [&] { return progress.delivered(); });
}

absl::Status GrpcBlockTransport::FetchOnce(Peer& peer, std::chrono::milliseconds patience,
                                           Progress& progress) {
  BlockingStream stream(peer.channel, kFetchMethod, patience);
  Registration registration(peer, stream);
  const grpc::Slice request = Encode(progress.Restart());
  stream.Write(grpc::ByteBuffer(&request, 1), true);
  grpc::ByteBuffer message;
  while (stream.Read(message)) {
    absl::StatusOr<std::vector<Frame>> frames = ReadFrames(message);
    if (!frames.ok()) return frames.status();
    for (Frame& frame : *frames) {
      if (absl::Status taken = progress.Take(std::move(frame)); !taken.ok()) return taken;
    }
  }
  const grpc::Status status = stream.Finish();
  if (!status.ok() && !progress.done()) {
    // The call's own cancellation means that the peer is gone; the next try finds out.
    if (status.error_code() == grpc::StatusCode::CANCELLED)
      return absl::UnavailableError("the call was cut off");
    return FromGrpc(status);
  }
  return progress.done() ? absl::OkStatus() : absl::DataLossError("blocks are missing in the answer");
}

absl::Status GrpcBlockTransport::Put(ExecutorId peer, const plan::BlockId& id, const exec::Slices& slices) {
  if (own_ != nullptr && peer == self_) return own_->Put(id, slices);
  return Retry(
      peer, [&](Peer& target, auto patience) { return PutOnce(target, patience, id, slices); },
      [] { return uint64_t{0}; });
}

absl::Status GrpcBlockTransport::PutOnce(Peer& peer, std::chrono::milliseconds patience,
                                         const plan::BlockId& id, const exec::Slices& slices) {
  BlockingStream stream(peer.channel, kPutMethod, patience);
  Registration registration(peer, stream);
  proto::BlockId name;
  plan::ToProto(id, name);
  BlockCutter cutter(0, slices);
  for (bool writable = true; writable && !cutter.done();) {
    FrameWriter writer;
    cutter.AddNext(writer, &name);
    writable = stream.Write(writer.Take(), cutter.done());
  }
  grpc::ByteBuffer message;
  proto::PutReply reply;
  const bool answered = stream.Read(message) && Decode(message, reply);
  const grpc::Status status = stream.Finish();
  if (status.error_code() == grpc::StatusCode::CANCELLED)
    return absl::UnavailableError("the call was cut off");
  if (!status.ok()) return FromGrpc(status);
  return answered && reply.bytes() == exec::TotalBytes(slices) ? absl::OkStatus()
                                                               : absl::DataLossError("the answer is damaged");
}

}  // namespace millstream::rpc
