#ifndef MILLSTREAM_COMMON_RPC_RPC_SERVER_H_
#define MILLSTREAM_COMMON_RPC_RPC_SERVER_H_

#include <grpcpp/alarm.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "common/rpc/listen_address.h"
#include "common/rpc/listener.h"
#include "common/security/credentials.h"

namespace millstream::rpc {

struct RpcServerOptions {
  ListenOptions listen = {};
  size_t max_calls = 1024;  // at once; further ones are refused
  int max_message_bytes = 4 << 20;
  size_t memory_bytes = size_t{64} << 20;  // of gRPC's own buffers
  std::chrono::milliseconds handshake_timeout{5000};
  std::chrono::milliseconds least_ping_interval{100};  // a client that pings more often is cut off
};

// The only door into a process of the engine. It serves a table of methods; a call whose caller does not
// prove to belong here gets nothing but UNAUTHENTICATED, whatever it calls (common/rpc/auth.h). Beyond
// loopback it listens only with TLS. All its calls come from within Poll(); everything but Wake() must come
// from the thread that polls, or while that sleeps.
class RpcServer {
 public:
  // One admitted call. It ends with the first event after which no operation is under way; its handler is
  // destroyed then.
  class Call {
   public:
    // Who calls; without TLS, whoever knows the token is taken for a process like this one.
    const security::Identity& caller() const { return caller_; }

    // At most one at a time of Read() and one of Write(), WriteAndFinish() and Finish().
    void Read();
    void Write(const grpc::ByteBuffer& message);
    void WriteAndFinish(const grpc::ByteBuffer& message, const grpc::Status& status);
    void Finish(const grpc::Status& status);
    // Ends the call without a status; its handler hears nothing more.
    void Cancel();

   private:
    friend class RpcServer;
    enum class Operation { kAccept, kRead, kWrite, kFinish };
    struct Tag {
      Call* call;
      Operation operation;
    };

    explicit Call(RpcServer& server) : server_(server) {}
    Tag* Begin(Tag& tag);
    void OnEvent(Operation operation, bool ok);

    RpcServer& server_;
    grpc::GenericServerContext context_;
    grpc::GenericServerAsyncReaderWriter stream_{&context_};
    grpc::ByteBuffer incoming_;
    security::Identity caller_;
    std::unique_ptr<class RpcHandler> handler_;  // null: refused
    int under_way_ = 0;
    bool cancelled_ = false;
    Tag accept_{this, Operation::kAccept};
    Tag read_{this, Operation::kRead};
    Tag write_{this, Operation::kWrite};
    Tag finish_{this, Operation::kFinish};
  };

  // Makes the handler of a new call, which must begin an operation; an error refuses the call.
  using Accept = std::function<absl::StatusOr<std::unique_ptr<RpcHandler>>(Call&)>;
  struct Method {
    Accept accept;
    std::set<security::Role> callers;  // with TLS, nobody else may call it
  };

  // InvalidArgument: the host cannot be listened on, or is every address of this machine and none is
  // advertised. Unauthenticated: it is beyond loopback and there is no TLS. FailedPrecondition: no port can
  // be bound, or the certificate is not usable.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Listen(const security::Credentials& own,
                                                           const std::map<std::string, Method>& methods,
                                                           const RpcServerOptions& options);
  // Cancels all calls.
  ~RpcServer();

  const std::string& address() const { return address_; }  // host:port, as peers are told

  enum class Polled { kEvent, kWoken, kTimeout };
  // Handles one event, sleeping for it until `deadline`. `turn` is released while it sleeps, so that other
  // threads may use the server: one at a time.
  Polled Poll(std::chrono::system_clock::time_point deadline, std::unique_lock<std::mutex>* turn = nullptr);
  // Makes the current or the next Poll() return kWoken. Thread-safe.
  void Wake();

 private:
  RpcServer(const security::Credentials& own, std::map<std::string, Method> methods, size_t max_calls);
  static absl::StatusOr<std::unique_ptr<RpcServer>> Bind(const security::Credentials& own,
                                                         const std::map<std::string, Method>& methods,
                                                         const RpcServerOptions& options,
                                                         const ListenAddress& address);
  void RequestCall();
  void OnAccepted(Call& call, bool ok);
  grpc::Status Admit(Call& call);
  void Dispatch(void* tag, bool ok);
  void EndAllCalls();

  const security::Credentials own_;
  const std::map<std::string, Method> methods_;
  const size_t max_calls_;
  std::string address_;
  grpc::AsyncGenericService service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<Listener> listener_;  // gives its connections to acceptor_
  std::map<Call*, std::unique_ptr<Call>> calls_;
  Call* waiting_ = nullptr;  // the one of them that the next caller gets
  bool closing_ = false;
  std::atomic<bool> wake_pending_ = false;
  grpc::Alarm wake_;
};

// What a call does. Called by the polling thread; may use the call at any time on that thread, or while that
// sleeps.
class RpcHandler {
 public:
  virtual ~RpcHandler() = default;
  virtual void OnMessage(const grpc::ByteBuffer& message) = 0;
  // The peer has sent everything, or is gone.
  virtual void OnReadsEnded() = 0;
  virtual void OnWritten(bool ok) = 0;
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_RPC_SERVER_H_
