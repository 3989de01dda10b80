#ifndef MILLSTREAM_COMMON_RPC_GRPC_EXECUTOR_LINK_H_
#define MILLSTREAM_COMMON_RPC_GRPC_EXECUTOR_LINK_H_

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "common/rpc/control_link.h"
#include "common/rpc/rpc_channel.h"
#include "common/security/credentials.h"

namespace millstream::rpc {

// An executor's control stream over gRPC. Sends at once, from the thread that asks for it, unless a message
// is under way: what is queued meanwhile follows joined. A driver that gets a joined message must not read
// more into the order of its parts than each repeated field's own.
class GrpcExecutorLink : public ExecutorLink {
 public:
  // Called on the link's own thread, one at a time; must not destroy the link.
  struct Listener {
    std::function<void(std::shared_ptr<const proto::ToExecutor>)> on_message;
    // Once, last: the driver is gone, or does not want this executor.
    std::function<void(const std::string& reason)> on_closed;
  };

  // `own` is an executor's; the driver is its application's, and gone if nothing is heard of it for
  // `network_timeout`.
  GrpcExecutorLink(const std::string& driver_address, const security::Credentials& own,
                   std::chrono::milliseconds network_timeout);
  // Ends the stream. No callback comes after it.
  ~GrpcExecutorLink() override;

  // Connects, once; returns at once.
  void Start(Listener listener);

  // Before Start(), messages wait; after the end they are dropped.
  void Send(std::shared_ptr<const proto::FromExecutor> message, Sender sender = Sender::kBusy) override;

 private:
  enum class Operation : int { kStart, kRead, kWrite, kFinish };

  void Loop();
  void OnRead();
  void OnReady();
  void WriteNext();
  static void* TagOf(Operation operation);

  RpcChannel channel_;
  grpc::CompletionQueue completions_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  Listener listener_;          // constant after Start()
  grpc::ByteBuffer incoming_;  // touched by the link's thread alone
  grpc::Status end_;           // likewise

  std::mutex mutex_;  // protects everything below
  std::deque<std::shared_ptr<const proto::FromExecutor>> queue_;
  bool writable_ = false;  // connected, and no message is under way
  bool closed_ = false;

  std::thread thread_;
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_GRPC_EXECUTOR_LINK_H_
