#ifndef MILLSTREAM_COMMON_RPC_GRPC_BLOCK_SERVER_H_
#define MILLSTREAM_COMMON_RPC_GRPC_BLOCK_SERVER_H_

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "common/rpc/block_transport.h"
#include "common/rpc/rpc_server.h"
#include "common/security/credentials.h"

namespace millstream::rpc {

inline constexpr const char* kFetchMethod = "/millstream.BlockService/Fetch";
inline constexpr const char* kPutMethod = "/millstream.BlockService/Put";

// Serves a process's blocks to its application's driver and executors, and takes copies of blocks from its
// executors, with one thread. A reader that is
// slow holds one message of at most 1 MiB (and a frame's header) in memory.
class GrpcBlockServer {
 public:
  // Errors are RpcServer::Listen()'s.
  static absl::StatusOr<std::unique_ptr<GrpcBlockServer>> Listen(const security::Credentials& own,
                                                                 std::chrono::milliseconds network_timeout,
                                                                 const ListenOptions& listen = {});
  // Ends all calls.
  ~GrpcBlockServer();

  const std::string& address() const { return server_->address(); }  // host:port

  // Until then, calls wait. Once; `source` outlives the server.
  void Serve(BlockSource& source);

 private:
  GrpcBlockServer() = default;

  BlockSource* source_ = nullptr;
  std::unique_ptr<RpcServer> server_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_GRPC_BLOCK_SERVER_H_
