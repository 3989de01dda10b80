#include "common/rpc/grpc_block_server.h"

#include <optional>
#include <utility>

#include "common/plan/block_messages.h"
#include "common/rpc/block_frames.h"
#include "common/rpc/message_buffers.h"
#include "common/rpc/statuses.h"

namespace millstream::rpc {
namespace {

constexpr int kMostBlocksOfOneFetch = 1 << 20;
// Small frames share a message up to this size.
constexpr size_t kJoinedFrameBytes = size_t{64} << 10;

// Sends the blocks of one request, one message at a time.
class FetchCall : public RpcHandler {
 public:
  FetchCall(BlockSource& source, RpcServer::Call& call) : source_(source), call_(call) { call_.Read(); }

  void OnMessage(const grpc::ByteBuffer& message) override {
    if (!Decode(message, request_) || request_.blocks_size() > kMostBlocksOfOneFetch) {
      return call_.Finish({grpc::StatusCode::INVALID_ARGUMENT, "the request cannot be read"});
    }
    SendNext();
  }

  void OnReadsEnded() override { call_.Cancel(); }

  void OnWritten(bool ok) override {
    if (ok) {
      SendNext();
    } else {
      call_.Cancel();
    }
  }

 private:
  void SendNext() {
    FrameWriter writer;
    while (writer.bytes() < kJoinedFrameBytes && (cutter_ || next_ < request_.blocks_size())) {
      // A large piece has a message of its own.
      AddFrame(writer);
    }
    if (cutter_ || next_ < request_.blocks_size()) return call_.Write(writer.Take());
    if (writer.empty()) return call_.Finish(grpc::Status::OK);
    call_.WriteAndFinish(writer.Take(), grpc::Status::OK);
  }

  void AddFrame(FrameWriter& writer) {
    if (!cutter_) {
      const auto block = static_cast<uint32_t>(next_);
      absl::StatusOr<exec::Slices> slices = source_.Get(plan::FromProto(request_.blocks(next_++)));
      if (!slices.ok()) {
        proto::SliceHeader missing;
        missing.set_block(block);
        missing.set_missing(true);
        return writer.Add(missing, {});
      }
      cutter_.emplace(block, *std::move(slices));
    }
    cutter_->AddNext(writer);
    if (cutter_->done()) cutter_.reset();
  }

  BlockSource& source_;
  RpcServer::Call& call_;
  proto::FetchRequest request_;
  int next_ = 0;                       // block
  std::optional<BlockCutter> cutter_;  // of the block before it, until all of that is sent
};

// Takes one block and keeps it.
class PutCall : public RpcHandler {
 public:
  PutCall(BlockSource& source, RpcServer::Call& call) : source_(source), call_(call) { call_.Read(); }

  void OnMessage(const grpc::ByteBuffer& message) override {
    absl::StatusOr<std::vector<Frame>> frames = ReadFrames(message);
    if (!frames.ok()) return call_.Finish(ToGrpc(frames.status()));
    for (Frame& frame : *frames) {
      if (frame.header.has_put()) id_ = plan::FromProto(frame.header.put());
      exec::Bytes slice;
      const absl::StatusOr<bool> whole = joiner_.Add(std::move(frame), slice);
      if (!whole.ok()) return call_.Finish(ToGrpc(whole.status()));
      if (*whole) slices_.push_back(std::move(slice));
    }
    if (!joiner_.complete()) return call_.Read();
    Keep();
  }

  void OnReadsEnded() override { call_.Cancel(); }
  void OnWritten(bool) override {}

 private:
  void Keep() {
    proto::PutReply reply;
    reply.set_bytes(exec::TotalBytes(slices_));
    const absl::Status kept = source_.Put(id_, std::move(slices_));
    if (!kept.ok()) return call_.Finish(ToGrpc(kept));
    const grpc::Slice encoded = Encode(reply);
    call_.WriteAndFinish(grpc::ByteBuffer(&encoded, 1), grpc::Status::OK);
  }

  BlockSource& source_;
  RpcServer::Call& call_;
  plan::BlockId id_;
  SliceJoiner joiner_;
  exec::Slices slices_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcBlockServer>> GrpcBlockServer::Listen(
    const security::Credentials& own, std::chrono::milliseconds network_timeout,
    const ListenOptions& listen) {
  using security::Role;
  std::unique_ptr<GrpcBlockServer> blocks(new GrpcBlockServer);
  GrpcBlockServer& self = *blocks;
  const auto fetch = [&self](RpcServer::Call& call) {
    return std::make_unique<FetchCall>(*self.source_, call);
  };
  const auto put = [&self](RpcServer::Call& call) { return std::make_unique<PutCall>(*self.source_, call); };
  auto server = RpcServer::Listen(
      own,
      {{kFetchMethod, {fetch, {Role::kDriver, Role::kExecutor}}}, {kPutMethod, {put, {Role::kExecutor}}}},
      {.listen = listen, .least_ping_interval = network_timeout / 10});
  if (!server.ok()) return server.status();
  blocks->server_ = *std::move(server);
  return blocks;
}

GrpcBlockServer::~GrpcBlockServer() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  server_->Wake();
  thread_.join();
}

void GrpcBlockServer::Serve(BlockSource& source) {
  source_ = &source;
  thread_ = std::thread([this] {
    while (!stopping_) server_->Poll(std::chrono::system_clock::time_point::max());
  });
}

}  // namespace millstream::rpc
