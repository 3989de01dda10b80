#include "common/rpc/cluster_server.h"

#include <deque>
#include <optional>
#include <set>
#include <utility>

#include "common/rpc/message_buffers.h"
#include "common/rpc/statuses.h"

namespace millstream::rpc {
namespace {

constexpr size_t kMostConnections = size_t{1} << 14;
// That a peer has not read; with as many no more is read from it, since most messages are answered.
constexpr size_t kMostUnsent = 16;

using security::Role;

// Who may say it. A kind of message that is not listed here does not compile.
std::set<Role> SpeakersOf(const proto::ToMaster& message) {
  switch (message.kind_case()) {
    case proto::ToMaster::kWorker:
    case proto::ToMaster::kWorkerStopping:
    case proto::ToMaster::kLogAnswer:
    case proto::ToMaster::kFileRequest:
      return {Role::kWorker};
    case proto::ToMaster::kApplication:
    case proto::ToMaster::kLaunch:
    case proto::ToMaster::kApplicationEnded:
    case proto::ToMaster::kApplicationExit:
      return {Role::kDriver};
    case proto::ToMaster::kHeartbeat:
    case proto::ToMaster::kEnded:
      return {Role::kWorker, Role::kDriver};
    case proto::ToMaster::kList:
    case proto::ToMaster::kKill:
    case proto::ToMaster::kLogQuery:
    case proto::ToMaster::kSubmitDriver:
    case proto::ToMaster::kAwaitDriver:
    case proto::ToMaster::kFileChunk:
      return {Role::kSubmitter};
    case proto::ToMaster::KIND_NOT_SET:
      return {};
  }
  return {};
}

}  // namespace

class ClusterServer::Stream : public RpcHandler {
 public:
  Stream(ClusterServer& server, RpcServer::Call& call, ConnectionId id)
      : server_(server), call_(call), id_(id) {
    server_.streams_[id_] = this;
    ReadOn();
  }
  ~Stream() override { server_.streams_.erase(id_); }

  void OnMessage(const grpc::ByteBuffer& buffer) override {
    reading_ = false;
    proto::ToMaster message;
    if (!Decode(buffer, message)) return OnReadsEnded();
    ReadOn();
    if (end_) return;
    if (server_.knows_roles_ && !SpeakersOf(message).contains(call_.caller().role)) return Refuse();
    server_.listener_.on_message(id_, call_.caller(), message);
  }

  void OnReadsEnded() override {
    call_.Cancel();
    if (!end_) Forget();
  }

  void OnWritten(bool ok) override {
    writing_ = false;
    if (ok) {
      Flush();
      ReadOn();
    } else if (!reading_) {
      OnReadsEnded();
    }
  }

  void Send(const proto::FromMaster& message) {
    if (end_) return;
    queue_.push_back(Encode(message));
    Flush();
  }

  void End(const absl::Status& why) {
    if (end_) return;
    end_ = ToGrpc(why);
    Flush();
  }

 private:
  void Refuse() {
    Forget();
    End(absl::PermissionDeniedError("the caller's role may not say this"));
  }

  void Forget() {
    if (server_.streams_.erase(id_) > 0) server_.listener_.on_closed(id_);
  }

  // While nothing is read something is written.
  void ReadOn() {
    if (reading_ || queue_.size() >= kMostUnsent) return;
    reading_ = true;
    call_.Read();
  }

  void Flush() {
    if (writing_) return;
    if (!queue_.empty()) {
      writing_ = true;
      const grpc::Slice slice = std::move(queue_.front());
      queue_.pop_front();
      return call_.Write(grpc::ByteBuffer(&slice, 1));
    }
    if (end_ && !finished_) {
      finished_ = true;
      call_.Finish(*end_);
    }
  }

  ClusterServer& server_;
  RpcServer::Call& call_;
  const ConnectionId id_;
  std::deque<grpc::Slice> queue_;
  bool reading_ = false;
  bool writing_ = false;
  bool finished_ = false;
  std::optional<grpc::Status> end_;
};

absl::StatusOr<std::unique_ptr<ClusterServer>> ClusterServer::Listen(const security::Credentials& own,
                                                                     const ListenOptions& listen) {
  std::unique_ptr<ClusterServer> cluster(new ClusterServer(own.tls.has_value()));
  ClusterServer& self = *cluster;
  const auto attach = [&self](RpcServer::Call& call) {
    return std::make_unique<Stream>(self, call, ConnectionId{self.next_connection_++});
  };
  auto server = RpcServer::Listen(
      own, {{kAttachMethod, {attach, {Role::kWorker, Role::kDriver, Role::kSubmitter}}}},
      {.listen = listen, .max_calls = kMostConnections, .max_message_bytes = kMostClusterMessageBytes});
  if (!server.ok()) return server.status();
  cluster->server_ = *std::move(server);
  return cluster;
}

ClusterServer::~ClusterServer() {
  listener_ = {[](ConnectionId, const security::Identity&, const proto::ToMaster&) {}, [](ConnectionId) {}};
}

void ClusterServer::Send(ConnectionId connection, const proto::FromMaster& message) {
  if (const auto found = streams_.find(connection); found != streams_.end()) found->second->Send(message);
}

void ClusterServer::Close(ConnectionId connection, const absl::Status& why) {
  if (const auto found = streams_.find(connection); found != streams_.end()) found->second->End(why);
}

void ClusterServer::Wait(std::chrono::steady_clock::time_point deadline) {
  // gRPC keeps time by a clock that can be set; a wait is short enough for that not to matter.
  server_->Poll(std::chrono::system_clock::now() +
                std::chrono::duration_cast<std::chrono::system_clock::duration>(
                    deadline - std::chrono::steady_clock::now()));
}

}  // namespace millstream::rpc
