#ifndef MILLSTREAM_COMMON_RPC_GRPC_LOG_H_
#define MILLSTREAM_COMMON_RPC_GRPC_LOG_H_

namespace millstream::rpc {

// What gRPC logs becomes lines of the engine's log, at its level debug: most of it tells what anybody sent to
// a port. Failed assertions are errors. Due before gRPC is first used. Idempotent, thread-safe.
void RouteGrpcLog();

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_GRPC_LOG_H_
