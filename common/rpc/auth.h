#ifndef MILLSTREAM_COMMON_RPC_AUTH_H_
#define MILLSTREAM_COMMON_RPC_AUTH_H_

#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_context.h>

#include <memory>
#include <set>

#include "common/security/credentials.h"

namespace millstream::rpc {

// The one place that says how connections are made: by TLS that both sides prove their names with, if `own`
// has it. A client must also ask for the name of the peer it means (security::NameOf).
std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const security::Credentials& own);
std::shared_ptr<grpc::ChannelCredentials> MakeChannelCredentials(const security::Credentials& own);

// Adds to a call what shows that it comes from the application, or the cluster.
void ShowToken(const security::Credentials& own, grpc::ClientContext& call);

// Who calls. UNAUTHENTICATED unless the call shows its caller's token, once, and with TLS a certificate that
// names a caller of the same application as `own`, or of any if `own` has none. Without TLS the caller is
// taken for a process like this one.
grpc::Status Authenticate(const security::Credentials& own, const grpc::ServerContext& call,
                          security::Identity* caller);

// PERMISSION_DENIED unless one of `roles` calls. Without TLS nobody's role is known, and whoever shows the
// token may call.
grpc::Status Authorize(const security::Credentials& own, const security::Identity& caller,
                       const std::set<security::Role>& roles);

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_AUTH_H_
