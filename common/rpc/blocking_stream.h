#ifndef MILLSTREAM_COMMON_RPC_BLOCKING_STREAM_H_
#define MILLSTREAM_COMMON_RPC_BLOCKING_STREAM_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>

#include "common/rpc/rpc_channel.h"

namespace millstream::rpc {

// A call whose caller does its network's work while it waits: no thread in between. Used by one thread;
// Cancel() by any.
class BlockingStream {
 public:
  // A peer that lets nothing happen for `patience` while it is waited for ends the call.
  BlockingStream(RpcChannel& channel, const std::string& method, std::chrono::milliseconds patience);
  // Cancels the call unless it was finished.
  ~BlockingStream();

  // False if the call ended; Finish() says why. Nothing is written after `last`.
  bool Write(const grpc::ByteBuffer& message, bool last);
  bool Read(grpc::ByteBuffer& message);
  // Waits for the call's end: DEADLINE_EXCEEDED if the peer was too slow.
  grpc::Status Finish();

  void Cancel() { context_.TryCancel(); }

 private:
  struct Operation {
    bool under_way = false;
    bool ok = false;
  };

  // Waits for an operation; cancels the call if it takes too long.
  bool Await(Operation& operation);

  const std::chrono::milliseconds patience_;
  grpc::CompletionQueue completions_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  Operation write_;
  Operation read_;
  Operation finish_;
  bool timed_out_ = false;
  bool finished_ = false;
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_BLOCKING_STREAM_H_
