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
// Of both ends: an application's arguments and configuration travel with each launch.
inline constexpr int kMostClusterMessageBytes = 16 << 20;

// A master's end of the streams of its workers, drivers and clients. With TLS, each may only say what is for
// its role to say; a stream that says anything else ends. One that does not read what it is sent is not read
// from. One thread uses it, except for Wake(); all
// callbacks come from within Wait().
class ClusterServer {
 public:
  struct Listener {
    // `caller` as its certificate names it; without TLS it is the master's own identity.
    std::function<void(ConnectionId, const security::Identity& caller, const proto::ToMaster&)> on_message;
    std::function<void(ConnectionId)> on_closed;  // by the peer; last
  };

  // Errors are RpcServer::Listen()'s.
  static absl::StatusOr<std::unique_ptr<ClusterServer>> Listen(const security::Credentials& own,
                                                               const ListenOptions& listen);
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

  explicit ClusterServer(bool knows_roles) : knows_roles_(knows_roles) {}

  const bool knows_roles_;
  Listener listener_;
  uint64_t next_connection_ = 1;
  std::map<ConnectionId, Stream*> streams_;
  std::unique_ptr<RpcServer> server_;  // its calls use the above
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_CLUSTER_SERVER_H_
