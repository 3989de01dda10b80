#include "common/rpc/grpc_control.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "common/rpc/message_buffers.h"
#include "proto/control.pb.h"

namespace millstream::rpc {
namespace {

using std::chrono::steady_clock;

constexpr auto kPatienceAtTheEnd = std::chrono::milliseconds(200);
constexpr auto kLongestSleep = std::chrono::hours(1);

// gRPC keeps time by a clock that can be set; a wait is short enough for that not to matter.
std::chrono::system_clock::time_point OnSystemClock(steady_clock::time_point time) {
  return std::chrono::system_clock::now() +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(time - steady_clock::now());
}

}  // namespace

// One executor's stream; of an unknown one until its Hello.
class GrpcDriverEndpoint::Stream : public RpcHandler {
 public:
  Stream(GrpcDriverEndpoint& endpoint, RpcServer::Call& call) : endpoint_(endpoint), call_(call) {
    call_.Read();
  }

  ~Stream() override {
    endpoint_.unknown_.erase(this);
    if (executor_) Forget();
  }

  void OnMessage(const grpc::ByteBuffer& buffer) override {
    auto message = std::make_shared<proto::FromExecutor>();
    if (!Decode(buffer, *message)) return Close("it sent a damaged message");
    if (!executor_ && !endpoint_.Admit(*this, *message)) {
      return call_.Finish({grpc::StatusCode::PERMISSION_DENIED, "no such executor is expected"});
    }
    call_.Read();
    endpoint_.called_back_ = true;
    endpoint_.listener_.on_message(*executor_, std::move(message));
  }

  void OnReadsEnded() override { Close("its connection ended"); }

  void OnWritten(bool ok) override {
    writing_ = false;
    if (ok) Flush();
  }

  void Send(std::shared_ptr<const proto::ToExecutor> message) {
    queue_.push_back(std::move(message));
    Flush();
  }

  bool idle() const { return !writing_ && queue_.empty(); }
  void set_executor(ExecutorId executor) { executor_ = executor; }
  void Cancel() { call_.Cancel(); }

 private:
  void Flush() {
    if (writing_ || queue_.empty()) return;
    writing_ = true;
    call_.Write(TakeJoined(queue_));
  }

  void Close(const std::string& reason) {
    call_.Cancel();
    if (!executor_) return;
    const ExecutorId executor = *executor_;
    Forget();
    endpoint_.called_back_ = true;
    endpoint_.listener_.on_closed(executor, reason);
  }

  void Forget() {
    const auto found = endpoint_.connected_.find(*executor_);
    if (found != endpoint_.connected_.end() && found->second == this) endpoint_.connected_.erase(found);
  }

  GrpcDriverEndpoint& endpoint_;
  RpcServer::Call& call_;
  std::optional<ExecutorId> executor_;
  std::deque<std::shared_ptr<const proto::ToExecutor>> queue_;
  bool writing_ = false;
};

absl::StatusOr<std::unique_ptr<GrpcDriverEndpoint>> GrpcDriverEndpoint::Listen(
    const security::Credentials& own, const GrpcDriverEndpointOptions& options) {
  std::unique_ptr<GrpcDriverEndpoint> endpoint(new GrpcDriverEndpoint(options));
  GrpcDriverEndpoint& self = *endpoint;
  const auto connect = [&self](RpcServer::Call& call) { return self.Accept(call); };
  auto server = RpcServer::Listen(own, {{kConnectMethod, {connect, {security::Role::kExecutor}}}},
                                  {.listen = options.listen, .max_calls = size_t{1} << 16});
  if (!server.ok()) return server.status();
  endpoint->server_ = *std::move(server);
  return endpoint;
}

GrpcDriverEndpoint::~GrpcDriverEndpoint() {
  listener_ = {[](ExecutorId, std::shared_ptr<const proto::FromExecutor>) {},
               [](ExecutorId, const std::string&) {}};
  if (server_ == nullptr) return;
  const auto end = std::chrono::system_clock::now() + kPatienceAtTheEnd;
  const auto busy = [this] {
    return std::ranges::any_of(connected_, [](const auto& entry) { return !entry.second->idle(); });
  };
  while (busy() && std::chrono::system_clock::now() < end) server_->Poll(end);
}

const std::string& GrpcDriverEndpoint::address() const { return server_->address(); }

void GrpcDriverEndpoint::Expect(ExecutorId executor) { expected_.insert(executor); }

void GrpcDriverEndpoint::Listen(Listener listener) { listener_ = std::move(listener); }

absl::StatusOr<std::unique_ptr<RpcHandler>> GrpcDriverEndpoint::Accept(RpcServer::Call& call) {
  if (unknown_.size() >= options_.max_unknown_streams)
    return absl::ResourceExhaustedError("too many unknown streams");
  auto stream = std::make_unique<Stream>(*this, call);
  unknown_[stream.get()] = steady_clock::now() + options_.hello_timeout;
  return stream;
}

bool GrpcDriverEndpoint::Admit(Stream& stream, const proto::FromExecutor& message) {
  const ExecutorId executor{message.hello().executor()};
  if (!message.has_hello() || expected_.erase(executor) == 0) return false;
  unknown_.erase(&stream);
  stream.set_executor(executor);
  connected_[executor] = &stream;
  return true;
}

void GrpcDriverEndpoint::Send(ExecutorId executor, std::shared_ptr<const proto::ToExecutor> message) {
  const auto found = connected_.find(executor);
  if (found != connected_.end()) found->second->Send(std::move(message));
}

void GrpcDriverEndpoint::Disconnect(ExecutorId executor) {
  expected_.erase(executor);
  const auto found = connected_.find(executor);
  if (found == connected_.end()) return;
  found->second->Cancel();
  connected_.erase(found);
}

void GrpcDriverEndpoint::Wait(std::unique_lock<std::mutex>& turn,
                              std::optional<steady_clock::time_point> deadline) {
  called_back_ = false;
  if (deadline && *deadline > steady_clock::now()) bell_.Set(*deadline);
  while (!called_back_) {
    steady_clock::time_point until = deadline.value_or(steady_clock::now() + kLongestSleep);
    for (const auto& [stream, end] : unknown_) until = std::min(until, end);
    switch (server_->Poll(OnSystemClock(until), &turn)) {
      case RpcServer::Polled::kWoken:
        return;
      case RpcServer::Polled::kEvent:
        continue;
      case RpcServer::Polled::kTimeout:
        if (!unknown_.empty()) EndSilentStreams();
        if (deadline && steady_clock::now() >= *deadline) return;
    }
  }
}

void GrpcDriverEndpoint::Wake() { server_->Wake(); }

void GrpcDriverEndpoint::EndSilentStreams() {
  const auto now = steady_clock::now();
  std::vector<Stream*> silent;
  for (const auto& [stream, end] : unknown_) {
    if (end <= now) silent.push_back(stream);
  }
  for (Stream* stream : silent) {
    unknown_.erase(stream);
    stream->Cancel();
  }
}

}  // namespace millstream::rpc
