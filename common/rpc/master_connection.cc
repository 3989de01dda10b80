#include "common/rpc/master_connection.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "common/rpc/cluster_server.h"
#include "common/rpc/message_buffers.h"
#include "common/rpc/rpc_channel.h"
#include "common/rpc/statuses.h"
#include "common/security/local_secret.h"
#include "common/security/tls_probe.h"

namespace millstream::rpc {
namespace {

constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{1000};
constexpr std::chrono::milliseconds kPingTimeout{10'000};
const security::Identity kMaster{security::Role::kMaster, ""};

}  // namespace

// One connection.
class MasterConnection::Stream {
 public:
  Stream(const std::string& master, const security::Credentials& own)
      : channel_(master, own, kMaster,
                 {.max_message_bytes = kMostClusterMessageBytes, .ping_timeout = kPingTimeout}) {}

  ~Stream() {
    completions_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (completions_.Next(&tag, &ok)) {
    }
  }

  // Until the stream ends.
  absl::Status Run(const proto::ToMaster& hello,
                   const std::function<void(const proto::FromMaster&)>& on_message) {
    {
      std::lock_guard lock(mutex_);
      queue_.push_front(Encode(hello));
    }
    context_.set_wait_for_ready(false);
    stream_ = channel_.Prepare(kAttachMethod, context_, completions_);
    stream_->StartCall(TagOf(Operation::kStart));
    void* tag = nullptr;
    bool ok = false;
    while (completions_.Next(&tag, &ok)) {
      switch (static_cast<Operation>(reinterpret_cast<intptr_t>(tag) - 1)) {
        case Operation::kStart:
          if (ok) OnWritable();
          stream_->Read(&incoming_, TagOf(Operation::kRead));
          break;
        case Operation::kWrite:
          if (ok) OnWritable();
          break;
        case Operation::kRead: {
          proto::FromMaster message;
          if (ok && Decode(incoming_, message)) {
            on_message(message);
            stream_->Read(&incoming_, TagOf(Operation::kRead));
          } else {
            if (ok) context_.TryCancel();
            stream_->Finish(&end_, TagOf(Operation::kFinish));
          }
          break;
        }
        case Operation::kFinish:
          return FromGrpc(end_);
      }
    }
    return absl::InternalError("the stream ended");
  }

  void Send(const proto::ToMaster& message) {
    std::lock_guard lock(mutex_);
    queue_.push_back(Encode(message));
    if (writable_) WriteNext();
  }

  void Cancel() { context_.TryCancel(); }

 private:
  enum class Operation : int { kStart, kRead, kWrite, kFinish };

  static void* TagOf(Operation operation) {
    return reinterpret_cast<void*>(static_cast<intptr_t>(operation) + 1);
  }

  void OnWritable() {
    std::lock_guard lock(mutex_);
    writable_ = true;
    if (!queue_.empty()) WriteNext();
  }

  void WriteNext() {
    writable_ = false;
    const grpc::Slice slice = std::move(queue_.front());
    queue_.pop_front();
    stream_->Write(grpc::ByteBuffer(&slice, 1), TagOf(Operation::kWrite));
  }

  RpcChannel channel_;
  grpc::CompletionQueue completions_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  grpc::ByteBuffer incoming_;
  grpc::Status end_;

  std::mutex mutex_;  // protects what follows
  std::deque<grpc::Slice> queue_;
  bool writable_ = false;  // connected, and no message is under way
};

MasterConnection::MasterConnection(security::Credentials own, std::vector<std::string> masters,
                                   Listener listener)
    : own_(std::move(own)), masters_(std::move(masters)), listener_(std::move(listener)) {}

MasterConnection::~MasterConnection() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    if (stream_ != nullptr) stream_->Cancel();
  }
  changed_.notify_all();
  cut_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void MasterConnection::Start() {
  {
    std::lock_guard lock(mutex_);
    ended_ = false;
  }
  thread_ = std::thread([this] { Loop(); });
}

void MasterConnection::Send(const proto::ToMaster& message) {
  std::lock_guard lock(mutex_);
  if (stream_ != nullptr) stream_->Send(message);
}

void MasterConnection::End(const proto::ToMaster& message, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  last_ = message;
  if (stream_ != nullptr) stream_->Send(message);
  changed_.notify_all();
  changed_.wait_for(lock, patience, [this] { return ended_; });
  stopping_ = true;
}

void MasterConnection::Loop() {
  auto pause = kFirstPause;
  std::unique_lock lock(mutex_);
  for (size_t next = 0; !stopping_; next = (next + 1) % masters_.size()) {
    lock.unlock();
    answered_ = false;
    absl::Status end = RunOnce(masters_[next]);
    if ((absl::IsUnavailable(end) || absl::IsNotFound(end)) && !answered_) {
      // What gRPC says of a connection that it does not get does not tell a secret from a silence.
      const security::TlsProbe probe =
          security::ProbeTls(masters_[next], own_.tls, kMaster, cut_.get_token());
      if (probe.mismatch) {
        end = absl::UnauthenticatedError(*probe.mismatch);
      } else if (absl::IsNotFound(end) && probe.listens) {
        end = absl::NotFoundError("what listens there is no master of this machine");
      }
    }
    lock.lock();
    if (stopping_ || (last_ && end.ok())) break;
    if (end.ok()) end = absl::UnavailableError("it ended the connection");
    lock.unlock();
    listener_.on_lost(
        absl::Status(end.code(), "master " + masters_[next] + ": " + std::string(end.message())));
    lock.lock();
    const bool leaving = last_.has_value();
    pause = answered_ || leaving ? kFirstPause : std::min(2 * pause, kLongestPause);
    changed_.wait_for(lock, pause, [&] { return stopping_ || last_.has_value() != leaving; });
  }
  ended_ = true;
  changed_.notify_all();
}

absl::StatusOr<security::Credentials> MasterConnection::CredentialsFor(const std::string& master) const {
  if (own_.tls) return own_;
  const absl::StatusOr<security::Secret> secret = security::FetchLocalSecret(master, cut_.get_token());
  if (!secret.ok()) return secret.status();
  return security::Credentials{own_.identity, *secret, std::nullopt};
}

absl::Status MasterConnection::RunOnce(const std::string& master) {
  const absl::StatusOr<security::Credentials> credentials = CredentialsFor(master);
  if (!credentials.ok()) return credentials.status();
  Stream stream(master, *credentials);
  {
    // First, so that what happens after the hello is said too.
    std::lock_guard lock(mutex_);
    if (stopping_) return absl::CancelledError("stopped");
    stream_ = &stream;
    if (last_) stream.Send(*last_);
  }
  absl::Status end = stream.Run(listener_.hello(), [this](const proto::FromMaster& message) {
    answered_ = true;
    listener_.on_message(message);
  });
  std::lock_guard lock(mutex_);
  stream_ = nullptr;
  return end;
}

absl::Status NoAnswerError(const std::vector<std::string>& masters, const absl::Status& lost,
                           std::chrono::milliseconds patience) {
  if (absl::IsUnauthenticated(lost)) return lost;
  std::string why(lost.message());
  if (lost.ok()) {
    why = "master";
    for (const std::string& master : masters) why += (&master == &masters.front() ? " " : ", ") + master;
    why += ": it does not answer";
  }
  return absl::AbortedError(why + ", for " + std::to_string(patience.count()) +
                            " ms. Start one with millstream master, or check the URL");
}

}  // namespace millstream::rpc
