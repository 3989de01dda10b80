#ifndef MILLSTREAM_COMMON_RPC_AUTH_H_
#define MILLSTREAM_COMMON_RPC_AUTH_H_

#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_context.h>

#include <memory>

#include "common/security/secret.h"

namespace millstream::rpc {

// The one place that says how connections are made.
std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials();
std::shared_ptr<grpc::ChannelCredentials> MakeChannelCredentials();

// Adds to a call what shows that it comes from the application.
void ShowSecret(const security::Secret& secret, grpc::ClientContext& call);

// UNAUTHENTICATED unless the call shows `secret`, once.
grpc::Status CheckSecret(const security::Secret& secret, const grpc::ServerContext& call);

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_AUTH_H_
