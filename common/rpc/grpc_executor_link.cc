#include "common/rpc/grpc_executor_link.h"

#include <string>
#include <utility>

#include "common/rpc/grpc_control.h"
#include "common/rpc/message_buffers.h"
#include "common/rpc/statuses.h"
#include "proto/control.pb.h"

namespace millstream::rpc {
namespace {

// Plans may hold large constants of the program.
constexpr int kMostMessageBytes = 256 << 20;

// The parts of a message that is too large to be sent whole. Statuses carry results; the rest stays small.
std::deque<std::shared_ptr<const proto::FromExecutor>> Split(
    std::shared_ptr<const proto::FromExecutor> message) {
  std::deque<std::shared_ptr<const proto::FromExecutor>> parts;
  if (message->ByteSizeLong() <= kJoinedMessageBytes) return {std::move(message)};
  auto part = std::make_shared<proto::FromExecutor>(*message);
  part->clear_statuses();
  size_t bytes = part->ByteSizeLong();
  for (const proto::TaskStatus& status : message->statuses()) {
    if (bytes > 0 && bytes + status.ByteSizeLong() > kJoinedMessageBytes) {
      parts.push_back(std::move(part));
      part = std::make_shared<proto::FromExecutor>();
      bytes = 0;
    }
    bytes += status.ByteSizeLong();
    *part->add_statuses() = status;
  }
  parts.push_back(std::move(part));
  return parts;
}

}  // namespace

GrpcExecutorLink::GrpcExecutorLink(const std::string& driver_address, const security::Credentials& own,
                                   std::chrono::milliseconds network_timeout)
    : channel_(driver_address, own, {security::Role::kDriver, own.identity.application},
               {.max_message_bytes = kMostMessageBytes, .ping_timeout = network_timeout}) {}

GrpcExecutorLink::~GrpcExecutorLink() {
  if (thread_.joinable()) {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    context_.TryCancel();
    thread_.join();
  }
  completions_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (completions_.Next(&tag, &ok)) {
  }
}

void GrpcExecutorLink::Start(Listener listener) {
  listener_ = std::move(listener);
  context_.set_wait_for_ready(false);
  stream_ = channel_.Prepare(kConnectMethod, context_, completions_);
  stream_->StartCall(TagOf(Operation::kStart));
  thread_ = std::thread([this] { Loop(); });
}

void GrpcExecutorLink::Send(std::shared_ptr<const proto::FromExecutor> message, Sender) {
  auto parts = Split(std::move(message));
  std::lock_guard lock(mutex_);
  if (closed_) return;
  for (auto& part : parts) queue_.push_back(std::move(part));
  if (writable_) WriteNext();
}

void* GrpcExecutorLink::TagOf(Operation operation) {
  return reinterpret_cast<void*>(static_cast<intptr_t>(operation) + 1);
}

void GrpcExecutorLink::WriteNext() {
  writable_ = false;
  stream_->Write(TakeJoined(queue_), TagOf(Operation::kWrite));
}

void GrpcExecutorLink::OnReady() {
  std::lock_guard lock(mutex_);
  writable_ = true;
  if (!queue_.empty() && !closed_) WriteNext();
}

void GrpcExecutorLink::OnRead() {
  auto message = std::make_shared<proto::ToExecutor>();
  if (!Decode(incoming_, *message)) {
    context_.TryCancel();
  } else {
    stream_->Read(&incoming_, TagOf(Operation::kRead));
    listener_.on_message(std::move(message));
    return;
  }
  stream_->Finish(&end_, TagOf(Operation::kFinish));
}

void GrpcExecutorLink::Loop() {
  void* tag = nullptr;
  bool ok = false;
  while (completions_.Next(&tag, &ok)) {
    switch (static_cast<Operation>(reinterpret_cast<intptr_t>(tag) - 1)) {
      case Operation::kStart:
        if (ok) OnReady();
        stream_->Read(&incoming_, TagOf(Operation::kRead));
        break;
      case Operation::kRead:
        if (ok) {
          OnRead();
        } else {
          stream_->Finish(&end_, TagOf(Operation::kFinish));
        }
        break;
      case Operation::kWrite:
        if (ok) OnReady();
        break;
      case Operation::kFinish: {
        bool told = false;
        {
          std::lock_guard lock(mutex_);
          told = std::exchange(closed_, true);
          queue_.clear();
        }
        if (!told) {
          listener_.on_closed(end_.ok() ? "the driver ended the stream"
                                        : std::string(FromGrpc(end_).message()));
        }
        return;
      }
    }
  }
}

}  // namespace millstream::rpc
