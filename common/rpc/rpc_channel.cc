#include "common/rpc/rpc_channel.h"

#include "common/rpc/auth.h"
#include "common/rpc/grpc_log.h"

namespace millstream::rpc {
namespace {

constexpr int kFirstReconnectMs = 20;
constexpr int kLastReconnectMs = 1000;
constexpr int kConnectTimeoutMs = 5000;

std::shared_ptr<grpc::Channel> Connect(const std::string& address, const security::Credentials& own,
                                       const security::Identity& peer, const RpcChannelOptions& options) {
  RouteGrpcLog();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(options.max_message_bytes);
  arguments.SetMaxSendMessageSize(-1);
  // Windows that grow by themselves fill the memory of a slow reader.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, options.window_bytes);
  // Proxies of the environment are not for us, not even on loopback.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Else channels with equal arguments share one connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLastReconnectMs);
  if (options.ping_timeout.count() > 0) {
    const int half = static_cast<int>(options.ping_timeout.count() / 2) + 1;
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, half);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, half);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  }
  // Certificates name roles, not hosts.
  if (own.tls) arguments.SetSslTargetNameOverride(security::NameOf(peer));
  return grpc::CreateCustomChannel(address, MakeChannelCredentials(own), arguments);
}

}  // namespace

RpcChannel::RpcChannel(const std::string& address, const security::Credentials& own,
                       const security::Identity& peer, const RpcChannelOptions& options)
    : own_(own), stub_(Connect(address, own, peer, options)) {}

std::unique_ptr<grpc::GenericClientAsyncReaderWriter> RpcChannel::Prepare(const std::string& method,
                                                                          grpc::ClientContext& context,
                                                                          grpc::CompletionQueue& queue) {
  ShowToken(own_, context);
  return stub_.PrepareCall(&context, method, &queue);
}

}  // namespace millstream::rpc
