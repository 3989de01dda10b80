#include "common/rpc/blocking_stream.h"

namespace millstream::rpc {

BlockingStream::BlockingStream(RpcChannel& channel, const std::string& method,
                               std::chrono::milliseconds patience)
    : patience_(patience) {
  // The first message leaves together with the call's metadata.
  context_.set_initial_metadata_corked(true);
  stream_ = channel.Prepare(method, context_, completions_);
  stream_->StartCall(nullptr);
}

BlockingStream::~BlockingStream() {
  if (!finished_) {
    Cancel();
    Finish();
  }
  completions_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (completions_.Next(&tag, &ok)) {
  }
}

bool BlockingStream::Write(const grpc::ByteBuffer& message, bool last) {
  write_.under_way = true;
  if (!last) {
    stream_->Write(message, &write_);
    return Await(write_);
  }
  // It need not have left when the answer is waited for.
  stream_->WriteLast(message, grpc::WriteOptions(), &write_);
  return true;
}

bool BlockingStream::Read(grpc::ByteBuffer& message) {
  read_.under_way = true;
  stream_->Read(&message, &read_);
  return Await(read_);
}

grpc::Status BlockingStream::Finish() {
  grpc::Status status;
  finish_.under_way = true;
  stream_->Finish(&status, &finish_);
  Await(finish_);
  finished_ = true;
  if (timed_out_) return {grpc::StatusCode::DEADLINE_EXCEEDED, "no answer within the network timeout"};
  return status;
}

bool BlockingStream::Await(Operation& operation) {
  auto deadline = std::chrono::system_clock::now() + patience_;
  while (operation.under_way) {
    void* tag = nullptr;
    bool ok = false;
    if (completions_.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) {
      timed_out_ = true;
      Cancel();
      deadline = std::chrono::system_clock::time_point::max();
      continue;
    }
    auto& ended = *static_cast<Operation*>(tag);
    ended.under_way = false;
    ended.ok = ok;
  }
  return operation.ok;
}

}  // namespace millstream::rpc
