#ifndef MILLSTREAM_COMMON_RPC_RPC_CHANNEL_H_
#define MILLSTREAM_COMMON_RPC_RPC_CHANNEL_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>

#include "common/security/credentials.h"

namespace millstream::rpc {

struct RpcChannelOptions {
  int max_message_bytes = 4 << 20;
  int window_bytes = 64 << 10;  // what a peer may send of one stream before it is read
  // A connection whose peer does not answer pings for so long is cut while calls wait on it; 0: no pings.
  std::chrono::milliseconds ping_timeout{0};
};

// A connection to an RpcServer. Thread-safe.
class RpcChannel {
 public:
  // With TLS, whoever answers at `address` must prove to be `peer`; else no call gets through (Unavailable).
  RpcChannel(const std::string& address, const security::Credentials& own, const security::Identity& peer,
             const RpcChannelOptions& options);

  // A stream that shows the token; it does not start by itself. `context` is used for this call alone.
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> Prepare(const std::string& method,
                                                                grpc::ClientContext& context,
                                                                grpc::CompletionQueue& queue);

 private:
  const security::Credentials own_;
  grpc::GenericStub stub_;
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_RPC_CHANNEL_H_
