#include "common/rpc/rpc_server.h"

#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <utility>

#include "common/cli/errors.h"
#include "common/rpc/auth.h"
#include "common/rpc/grpc_log.h"
#include "common/rpc/statuses.h"
#include "common/security/certificates.h"

namespace millstream::rpc {
namespace {

constexpr int kMostPort = 65535;
constexpr int kMostMetadataBytes = 8192;
constexpr int kWindowBytes = 1 << 20;
constexpr int kMostStreamsPerConnection = 128;
constexpr auto kPatienceAtTheEnd = std::chrono::seconds(1);

void Limit(const RpcServerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  builder.SetMaxSendMessageSize(-1);
  builder.SetResourceQuota(grpc::ResourceQuota("millstream").Resize(options.memory_bytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMostMetadataBytes);
  // Windows that grow by themselves fill the memory of a slow reader; 1 MiB takes one piece of a block.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kWindowBytes);
  // Decompression has no limit.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             static_cast<int>(options.handshake_timeout.count()));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             static_cast<int>(options.least_ping_interval.count()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Listen(const security::Credentials& own,
                                                             const std::map<std::string, Method>& methods,
                                                             const RpcServerOptions& options) {
  RouteGrpcLog();
  if (own.tls) {
    // gRPC would start, and then let nobody in.
    if (const auto valid = security::CheckCertifiedKey(own.tls->own); !valid.ok()) {
      return absl::FailedPreconditionError(valid.status().message());
    }
  }
  const ListenOptions& listen = options.listen;
  const int last = listen.port == 0 ? 0 : std::min(listen.port + listen.more_ports, kMostPort);
  absl::Status in_the_way;
  for (int port = listen.port; port <= last; ++port) {
    const absl::StatusOr<ListenAddress> address = ResolveListenAddress(listen.host, port);
    if (!address.ok()) return address.status();
    if (listen.advertised_host.empty() && address->every) {
      return cli::UsageError(listen.host,
                             "it is every address of this machine, and none that others can be told",
                             "Name one, or add --advertised-host (of a driver, millstream.driver.host)");
    }
    if (!address->loopback && !own.tls) {
      return absl::UnauthenticatedError(
          cli::ErrorText(listen.host, "it is beyond loopback, where only TLS keeps strangers out",
                         "Give --secret-file FILE, which millstream secret FILE makes, or bind 127.0.0.1"));
    }
    auto server = Bind(own, methods, options, *address);
    if (server.ok()) return server;
    in_the_way = server.status();
    if (!absl::IsAlreadyExists(in_the_way)) break;
  }
  std::string thing = HostAndPort(listen.host, listen.port);
  if (last > listen.port) thing += " to " + std::to_string(last);
  if (absl::IsAlreadyExists(in_the_way)) {
    return absl::FailedPreconditionError(
        cli::ErrorText(thing, "another process listens there",
                       "Give another " + std::string(listen.port_name) + ", or 0 for any that is free"));
  }
  return absl::FailedPreconditionError(
      cli::ErrorText(thing, "it cannot be bound: " + std::string(in_the_way.message()), "Name another one"));
}

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Bind(const security::Credentials& own,
                                                           const std::map<std::string, Method>& methods,
                                                           const RpcServerOptions& options,
                                                           const ListenAddress& address) {
  absl::StatusOr<std::unique_ptr<Listener>> listener = Listener::Bind(address);
  if (!listener.ok()) return listener.status();
  std::unique_ptr<RpcServer> server(new RpcServer(own, methods, options.max_calls));
  grpc::ServerBuilder builder;
  Limit(options, builder);
  // gRPC's own listener ends for good when the process has no file left for a connection.
  server->acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, MakeServerCredentials(own));
  builder.RegisterAsyncGenericService(&server->service_);
  server->queue_ = builder.AddCompletionQueue();
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr) return absl::InternalError("gRPC does not start");
  const ListenOptions& listen = options.listen;
  server->address_ =
      HostAndPort(listen.advertised_host.empty() ? listen.host : listen.advertised_host, (*listener)->port());
  server->RequestCall();
  server->listener_ = *std::move(listener);
  server->listener_->Start([acceptor = server->acceptor_.get()](int connection) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters taken;
    taken.fd = connection;
    acceptor->HandleNewConnection(&taken);
  });
  return server;
}

RpcServer::RpcServer(const security::Credentials& own, std::map<std::string, Method> methods,
                     size_t max_calls)
    : own_(own), methods_(std::move(methods)), max_calls_(max_calls) {}

RpcServer::~RpcServer() {
  closing_ = true;
  listener_.reset();
  if (server_ != nullptr) {
    EndAllCalls();
    server_->Shutdown(std::chrono::system_clock::now());
  }
  if (queue_ == nullptr) return;
  wake_.Cancel();
  // Who was let in at the last moment is not answered: a queue that is shut down takes no more operations.
  for (const auto& [call, owner] : calls_) call->cancelled_ = true;
  queue_->Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) Dispatch(tag, ok);
}

void RpcServer::EndAllCalls() {
  // gRPC's shutdown waits for calls, which end only when they are polled.
  for (const auto& [call, owner] : calls_) {
    if (call != waiting_) call->Cancel();
  }
  const auto ended = [this] { return calls_.empty() || (calls_.size() == 1 && calls_.contains(waiting_)); };
  const auto end = std::chrono::system_clock::now() + kPatienceAtTheEnd;
  while (!ended() && std::chrono::system_clock::now() < end) Poll(end);
}

RpcServer::Polled RpcServer::Poll(std::chrono::system_clock::time_point deadline,
                                  std::unique_lock<std::mutex>* turn) {
  void* tag = nullptr;
  bool ok = false;
  if (turn != nullptr) turn->unlock();
  const grpc::CompletionQueue::NextStatus next = queue_->AsyncNext(&tag, &ok, deadline);
  if (turn != nullptr) turn->lock();
  if (next != grpc::CompletionQueue::GOT_EVENT) return Polled::kTimeout;
  if (tag == &wake_) {
    wake_pending_ = false;
    return Polled::kWoken;
  }
  Dispatch(tag, ok);
  return Polled::kEvent;
}

void RpcServer::Wake() {
  if (wake_pending_.exchange(true)) return;
  wake_.Set(queue_.get(), gpr_inf_past(GPR_CLOCK_MONOTONIC), &wake_);
}

void RpcServer::Dispatch(void* tag, bool ok) {
  if (tag == &wake_) return;
  const auto& [call, operation] = *static_cast<Call::Tag*>(tag);
  call->OnEvent(operation, ok);
  if (call->under_way_ == 0) calls_.erase(call);
}

void RpcServer::RequestCall() {
  std::unique_ptr<Call> owner(new Call(*this));
  Call* call = owner.get();
  calls_[call] = std::move(owner);
  waiting_ = call;
  service_.RequestCall(&call->context_, &call->stream_, queue_.get(), queue_.get(),
                       call->Begin(call->accept_));
}

void RpcServer::OnAccepted(Call& call, bool ok) {
  if (!ok) return;
  waiting_ = nullptr;
  if (!closing_) RequestCall();
  const grpc::Status admitted = Admit(call);
  if (!admitted.ok()) call.Finish(admitted);
}

grpc::Status RpcServer::Admit(Call& call) {
  if (grpc::Status known = Authenticate(own_, call.context_, &call.caller_); !known.ok()) return known;
  const auto method = methods_.find(call.context_.method());
  if (method == methods_.end()) return {grpc::StatusCode::UNIMPLEMENTED, "there is no such method"};
  if (grpc::Status allowed = Authorize(own_, call.caller_, method->second.callers); !allowed.ok())
    return allowed;
  if (closing_ || calls_.size() > max_calls_ + 1) return {grpc::StatusCode::UNAVAILABLE, "too many calls"};
  absl::StatusOr<std::unique_ptr<RpcHandler>> handler = method->second.accept(call);
  if (!handler.ok()) return ToGrpc(handler.status());
  call.handler_ = *std::move(handler);
  return grpc::Status::OK;
}

RpcServer::Call::Tag* RpcServer::Call::Begin(Tag& tag) {
  ++under_way_;
  return &tag;
}

void RpcServer::Call::Read() { stream_.Read(&incoming_, Begin(read_)); }

void RpcServer::Call::Write(const grpc::ByteBuffer& message) { stream_.Write(message, Begin(write_)); }

void RpcServer::Call::WriteAndFinish(const grpc::ByteBuffer& message, const grpc::Status& status) {
  stream_.WriteAndFinish(message, grpc::WriteOptions(), status, Begin(finish_));
}

void RpcServer::Call::Finish(const grpc::Status& status) { stream_.Finish(status, Begin(finish_)); }

void RpcServer::Call::Cancel() {
  cancelled_ = true;
  context_.TryCancel();
}

void RpcServer::Call::OnEvent(Operation operation, bool ok) {
  --under_way_;
  if (cancelled_) return;
  if (operation == Operation::kAccept) return server_.OnAccepted(*this, ok);
  if (handler_ == nullptr) return;
  switch (operation) {
    case Operation::kRead:
      return ok ? handler_->OnMessage(incoming_) : handler_->OnReadsEnded();
    case Operation::kWrite:
      return handler_->OnWritten(ok);
    case Operation::kAccept:
    case Operation::kFinish:
      return;
  }
}

}  // namespace millstream::rpc
