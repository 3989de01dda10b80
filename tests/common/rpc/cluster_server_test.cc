#include "common/rpc/cluster_server.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "common/rpc/message_buffers.h"
#include "common/rpc/rpc_channel.h"

namespace millstream::rpc {
namespace {

constexpr size_t kAnswerBytes = size_t{64} << 10;
const security::Identity kMaster{security::Role::kMaster, ""};

// A stream to a master that reads only when it is told to.
class Client {
 public:
  Client(const std::string& address, const security::Credentials& own)
      : channel_(address, own, kMaster, {}),
        stream_(channel_.Prepare(kAttachMethod, context_, completions_)) {
    stream_->StartCall(nullptr);
    EXPECT_TRUE(Await());
  }
  ~Client() {
    context_.TryCancel();
    grpc::Status end;
    stream_->Finish(&end, nullptr);
    Await();
  }

  void Ask() {
    proto::ToMaster question;
    question.mutable_list();
    const grpc::Slice slice = Encode(question);
    stream_->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    ASSERT_TRUE(Await());
  }
  bool Read() {
    grpc::ByteBuffer answer;
    stream_->Read(&answer, nullptr);
    return Await();
  }

 private:
  bool Await() {
    void* tag = nullptr;
    bool ok = false;
    return completions_.Next(&tag, &ok) && ok;
  }

  RpcChannel channel_;
  grpc::CompletionQueue completions_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

TEST(ClusterServerTest, WhoDoesNotReadItsAnswersIsNotReadFromAndGetsThemAllLater) {
  const security::Credentials own{kMaster, security::Secret::Random(), std::nullopt};
  const auto server = *ClusterServer::Listen(own, {});
  std::atomic<int> heard = 0;
  proto::FromMaster answer;
  answer.mutable_list()->add_workers()->mutable_record()->set_id(std::string(kAnswerBytes, 'w'));
  server->SetListener({[&](ConnectionId from, const security::Identity&, const proto::ToMaster&) {
                         ++heard;
                         server->Send(from, answer);
                       },
                       [](ConnectionId) {}});
  std::atomic<bool> done = false;
  std::thread loop([&] {
    while (!done) server->Wait(std::chrono::steady_clock::now() + std::chrono::minutes(1));
  });

  constexpr int kQuestions = 500;
  {
    Client idle(server->address(), own);
    for (int i = 0; i < kQuestions; ++i) idle.Ask();
    // Another one is served meanwhile, and long enough for the server to have read all of it otherwise.
    Client other(server->address(), own);
    for (int i = 0; i < kQuestions; ++i) {
      other.Ask();
      ASSERT_TRUE(other.Read());
    }
    EXPECT_LT(heard - kQuestions, kQuestions / 2);
    for (int i = 0; i < kQuestions; ++i) ASSERT_TRUE(idle.Read());
    EXPECT_EQ(heard, 2 * kQuestions);
  }
  done = true;
  server->Wake();
  loop.join();
}

}  // namespace
}  // namespace millstream::rpc
