#ifndef MILLSTREAM_COMMON_RPC_GRPC_CONTROL_H_
#define MILLSTREAM_COMMON_RPC_GRPC_CONTROL_H_

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "common/rpc/control_link.h"
#include "common/rpc/deadline_bell.h"
#include "common/rpc/rpc_server.h"
#include "common/security/credentials.h"

namespace millstream::rpc {

// Full name of the one control method.
inline constexpr const char* kConnectMethod = "/millstream.proto.Control/Connect";

struct GrpcDriverEndpointOptions {
  ListenOptions listen = {};
  size_t max_unknown_streams = 64;  // that have not said Hello
  std::chrono::milliseconds hello_timeout{5000};
};

// Control streams over gRPC, of executors of the same application alone. Send() sends at once, unless a
// message to that executor is under way: what is queued meanwhile follows joined. The loop's own thread does
// the rest of the network's work from within Wait().
class GrpcDriverEndpoint : public DriverEndpoint {
 public:
  // Errors are RpcServer::Listen()'s.
  static absl::StatusOr<std::unique_ptr<GrpcDriverEndpoint>> Listen(const security::Credentials& own,
                                                                    const GrpcDriverEndpointOptions& options);
  // Sends what is queued, for a moment, and ends all streams.
  ~GrpcDriverEndpoint() override;

  const std::string& address() const;  // host:port

  // Admits one stream whose Hello names `executor`; others are closed. From the loop's thread, or before it
  // runs.
  void Expect(ExecutorId executor);

  void Listen(Listener listener) override;
  void Send(ExecutorId executor, std::shared_ptr<const proto::ToExecutor> message) override;
  void Disconnect(ExecutorId executor) override;
  void Wait(std::unique_lock<std::mutex>& turn,
            std::optional<std::chrono::steady_clock::time_point> deadline) override;
  void Wake() override;

 private:
  class Stream;

  explicit GrpcDriverEndpoint(const GrpcDriverEndpointOptions& options) : options_(options) {}
  absl::StatusOr<std::unique_ptr<RpcHandler>> Accept(RpcServer::Call& call);
  // Whether the first message of a stream names an executor that is expected; it is connected then.
  bool Admit(Stream& stream, const proto::FromExecutor& message);
  void EndSilentStreams();

  const GrpcDriverEndpointOptions options_;
  Listener listener_;
  bool called_back_ = false;  // during this Wait()
  std::set<ExecutorId> expected_;
  std::map<Stream*, std::chrono::steady_clock::time_point> unknown_;  // until when they may stay so
  std::map<ExecutorId, Stream*> connected_;
  std::unique_ptr<RpcServer> server_;  // its calls use the above
  DeadlineBell bell_{[this] { server_->Wake(); }};
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_GRPC_CONTROL_H_
