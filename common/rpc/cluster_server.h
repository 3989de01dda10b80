#ifndef MILLSTREAM_COMMON_RPC_CLUSTER_SERVER_H_
#define MILLSTREAM_COMMON_RPC_CLUSTER_SERVER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "common/rpc/rpc_server.h"
#include "common/security/credentials.h"
#include "proto/cluster.pb.h"

namespace millstream::rpc {

// Full name of the one method of a master.
inline constexpr const char* kAttachMethod = "/millstream.proto.Cluster/Attach";

// A master's end of the streams of its workers, drivers and clients. One thread uses it, except for Wake();
// all callbacks come from within Wait().
class ClusterServer {
 public:
  struct Listener {
    std::function<void(ConnectionId, const proto::ToMaster&)> on_message;
    std::function<void(ConnectionId)> on_closed;  // by the peer; last
  };

  static absl::StatusOr<std::unique_ptr<ClusterServer>> Listen(const security::Credentials& own,
                                                               const std::string& host, int port);
  ~ClusterServer();

  const std::string& address() const { return server_->address(); }  // host:port

  void SetListener(Listener listener) { listener_ = std::move(listener); }
  // Queues a message; nothing happens if the connection is gone.
  void Send(ConnectionId connection, const proto::FromMaster& message);
  // Ends a connection after what is queued is sent; what it still says is dropped, and on_closed is not
  // called.
  void Close(ConnectionId connection, const absl::Status& why);

  // Sleeps until woken, until `deadline`, or until something was handled.
  void Wait(std::chrono::steady_clock::time_point deadline);
  // Thread-safe.
  void Wake() { server_->Wake(); }

 private:
  class Stream;

  ClusterServer() = default;

  Listener listener_;
  uint64_t next_connection_ = 1;
  std::map<ConnectionId, Stream*> streams_;
  std::unique_ptr<RpcServer> server_;  // its calls use the above
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_CLUSTER_SERVER_H_
