#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "common/rpc/grpc_block_server.h"
#include "common/rpc/grpc_blocks.h"
#include "common/rpc/grpc_control.h"
#include "common/rpc/grpc_executor_link.h"
#include "proto/control.pb.h"
#include "tests/common/rpc/test_blocks.h"
#include "tests/support/tcp_proxy.h"

namespace millstream::rpc {
namespace {

using namespace std::chrono_literals;

constexpr ExecutorId kPeer{1};
constexpr const char* kSecretMetadata = "millstream-secret-bin";

// Every method there is, and some there are not.
std::vector<std::string> Methods() {
  std::vector<std::string> methods{
      kFetchMethod, kPutMethod, "/millstream.BlockService/Drop",
      "/x/y",       "/",        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"};
  for (const auto& entry : std::filesystem::directory_iterator(MILLSTREAM_SOURCE_DIR "/proto")) {
    std::ifstream file(entry.path());
    std::string package;
    std::string service;
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string statement;
      std::string name;
      words >> statement >> name;
      name.resize(std::min(name.size(), name.find_first_of(";({")));
      if (statement == "package") package = name;
      if (statement == "service") service = name;
      if (statement == "rpc") methods.push_back("/" + package + "." + service + "/" + name);
    }
  }
  return methods;
}

// Both of a driver's ports, with an executor that works all the time.
class AuthTest : public testing::Test {
 protected:
  AuthTest()
      : endpoint_(*GrpcDriverEndpoint::Listen(secret_, {})),
        blocks_server_(*GrpcBlockServer::Listen(secret_, 60s)),
        transport_(secret_, 60s) {
    endpoint_->Listen({[this](ExecutorId, std::shared_ptr<const proto::FromExecutor> message) {
                         partitions_ += message->statuses_size();
                       },
                       [this](ExecutorId, const std::string&) { ++closed_; }});
    endpoint_->Expect(kPeer);
    blocks_server_->Serve(blocks_);
    transport_.SetPeer(kPeer, blocks_server_->address());
    EXPECT_TRUE(blocks_.Put(Block(1), {exec::OwnBytes(std::string(1 << 20, 'x'))}).ok());
    loop_ = std::thread([this] {
      std::mutex mutex;
      std::unique_lock turn(mutex);
      while (!done_) endpoint_->Wait(turn, std::nullopt);
    });
    link_ = std::make_unique<GrpcExecutorLink>(endpoint_->address(), secret_);
    link_->Start({[](std::shared_ptr<const proto::ToExecutor>) {}, [](const std::string&) {}});
    auto hello = std::make_shared<proto::FromExecutor>();
    hello->mutable_hello()->set_executor(Number(kPeer));
    link_->Send(std::move(hello));
  }

  ~AuthTest() override {
    link_.reset();
    done_ = true;
    endpoint_->Wake();
    loop_.join();
  }

  std::vector<std::string> Addresses() const { return {endpoint_->address(), blocks_server_->address()}; }

  // One status and one block; false if either does not arrive.
  bool Works() {
    const int before = partitions_;
    auto status = std::make_shared<proto::FromExecutor>();
    status->add_statuses();
    link_->Send(std::move(status));
    if (FetchAll(transport_, kPeer, {Block(1)}).texts[0].size() != 1 << 20) return false;
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (partitions_ == before && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return partitions_ > before && closed_ == 0;
  }

  // What a call with this metadata gets, whatever it asks for.
  grpc::Status Call(const std::string& address, const std::string& method,
                    const std::vector<std::string>& secrets) {
    grpc::GenericStub stub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    grpc::CompletionQueue completions;
    grpc::ClientContext context;
    for (const std::string& secret : secrets) context.AddMetadata(kSecretMetadata, secret);
    context.set_deadline(std::chrono::system_clock::now() + 60s);
    auto stream = stub.PrepareCall(&context, method, &completions);
    const grpc::Slice junk("\xff\xff\xff\xff");
    grpc::ByteBuffer answer;
    grpc::Status status;
    void* tag = nullptr;
    bool ok = false;
    stream->StartCall(nullptr);
    completions.Next(&tag, &ok);
    stream->Write(grpc::ByteBuffer(&junk, 1), nullptr);
    completions.Next(&tag, &ok);
    stream->Read(&answer, nullptr);
    completions.Next(&tag, &ok);
    EXPECT_FALSE(ok) << "an answer to " << method;
    stream->Finish(&status, nullptr);
    completions.Next(&tag, &ok);
    return status;
  }

  const security::Secret secret_ = security::Secret::Random();
  std::atomic<int> partitions_ = 0;
  std::atomic<int> closed_ = 0;
  std::atomic<bool> done_ = false;
  TestBlocks blocks_;
  std::unique_ptr<GrpcDriverEndpoint> endpoint_;
  std::unique_ptr<GrpcBlockServer> blocks_server_;
  GrpcBlockTransport transport_;
  std::unique_ptr<GrpcExecutorLink> link_;
  std::thread loop_;
};

TEST_F(AuthTest, EveryMethodOfEveryPortIsRefusedWithoutTheSecret) {
  const std::vector<std::string> methods = Methods();
  ASSERT_NE(std::ranges::find(methods, kConnectMethod), methods.end());
  const std::string right = secret_.Reveal();
  const std::vector<std::vector<std::string>> wrong{
      {}, {""}, {security::Secret::Random().Reveal()}, {right.substr(1)}, {right + "x"}, {right, right}};
  for (const std::string& address : Addresses()) {
    for (const std::string& method : methods) {
      for (const auto& secrets : wrong) {
        EXPECT_EQ(Call(address, method, secrets).error_code(), grpc::StatusCode::UNAUTHENTICATED) << method;
      }
    }
  }
  EXPECT_TRUE(Works());
}

TEST_F(AuthTest, WhatIsNotServedIsUnimplementedForThoseWhoShowTheSecret) {
  for (const std::string& address : Addresses()) {
    EXPECT_EQ(Call(address, "/x/y", {secret_.Reveal()}).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  }
  EXPECT_EQ(Call(blocks_server_->address(), kConnectMethod, {secret_.Reveal()}).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(AuthTest, JunkFromThoseWhoShowTheSecretEndsOnlyTheirCall) {
  EXPECT_EQ(Call(blocks_server_->address(), kFetchMethod, {secret_.Reveal()}).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Call(blocks_server_->address(), kPutMethod, {secret_.Reveal()}).error_code(),
            grpc::StatusCode::DATA_LOSS);
  EXPECT_FALSE(Call(endpoint_->address(), kConnectMethod, {secret_.Reveal()}).ok());
  EXPECT_TRUE(Works());
}

TEST_F(AuthTest, StrangersOnTheWireDoNoHarm) {
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const std::vector<std::string> bytes{
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) +
          std::string(512, '\x7f'),  // TLS hello
      std::string(100'000, '\xff'),
      std::string(100'000, '\0'),
      "",
      preface,
      preface + std::string("\xff\xff\xff\x00\x00\x00\x00\x00\x01", 9),  // a frame of 16 MiB
      preface + std::string("\x00\x00\x00\x04\x00\x00\x00\x00\x00", 9),  // settings, and then silence
      preface + std::string("\x00\x40\x00\x01\x04\x00\x00\x00\x01", 9) + std::string(16384, '\x82')};
  std::vector<int> open;
  for (const std::string& address : Addresses()) {
    for (const std::string& text : bytes) {
      for (int i = 0; i < 20; ++i) {
        const int socket_fd = millstream::tests::ConnectTo(address);
        ASSERT_GE(socket_fd, 0);
        open.push_back(socket_fd);
        send(socket_fd, text.data(), text.size(), MSG_NOSIGNAL);
      }
      EXPECT_TRUE(Works());
    }
  }
  EXPECT_TRUE(Works());
  for (int socket_fd : open) close(socket_fd);
  EXPECT_TRUE(Works());
}

TEST_F(AuthTest, BothPortsAreBoundToLoopbackAlone) {
  for (const std::string& address : Addresses()) EXPECT_TRUE(address.starts_with("127.0.0.1:")) << address;
}

}  // namespace
}  // namespace millstream::rpc
