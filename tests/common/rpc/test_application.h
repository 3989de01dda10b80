#ifndef MILLSTREAM_TESTS_COMMON_RPC_TEST_APPLICATION_H_
#define MILLSTREAM_TESTS_COMMON_RPC_TEST_APPLICATION_H_

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/rpc/grpc_block_server.h"
#include "common/rpc/grpc_blocks.h"
#include "common/rpc/grpc_control.h"
#include "common/rpc/grpc_executor_link.h"
#include "common/security/credentials.h"
#include "proto/control.pb.h"
#include "tests/common/rpc/test_blocks.h"

namespace millstream::rpc {

// The ports of an application, a driver's and an executor's, and both working all the time.
class TestApplication {
 public:
  static constexpr ExecutorId kExecutor{1};
  static constexpr size_t kBlockBytes = size_t{1} << 20;

  struct Port {
    std::string address;
    security::Identity server;
  };

  TestApplication(const security::Credentials& driver, const security::Credentials& executor)
      : endpoint_(*GrpcDriverEndpoint::Listen(driver, {})),
        server_(*GrpcBlockServer::Listen(executor, std::chrono::minutes(1))),
        transport_(driver, std::chrono::minutes(1)),
        link_(endpoint_->address(), executor, std::chrono::seconds(60)),
        ports_{{endpoint_->address(), driver.identity}, {server_->address(), executor.identity}} {
    endpoint_->Listen({[this](ExecutorId, std::shared_ptr<const proto::FromExecutor> message) {
                         heard_ += message->statuses_size();
                       },
                       [this](ExecutorId, const std::string&) { ++closed_; }});
    endpoint_->Expect(kExecutor);
    server_->Serve(blocks_);
    transport_.SetPeer(kExecutor, server_->address());
    EXPECT_TRUE(blocks_.Put(Block(1), {exec::OwnBytes(std::string(kBlockBytes, 'x'))}).ok());
    loop_ = std::thread([this] {
      std::mutex mutex;
      std::unique_lock turn(mutex);
      while (!done_) endpoint_->Wait(turn, std::nullopt);
    });
    link_.Start({[](std::shared_ptr<const proto::ToExecutor>) {}, [](const std::string&) {}});
    auto hello = std::make_shared<proto::FromExecutor>();
    hello->mutable_hello()->set_executor(Number(kExecutor));
    link_.Send(std::move(hello));
  }

  ~TestApplication() {
    done_ = true;
    endpoint_->Wake();
    loop_.join();
  }

  const Port& driver() const { return ports_[0]; }
  const Port& executor() const { return ports_[1]; }
  const std::vector<Port>& ports() const { return ports_; }

  // One status and one block; false if either does not arrive.
  bool Works() {
    const int before = heard_;
    auto status = std::make_shared<proto::FromExecutor>();
    status->add_statuses();
    link_.Send(std::move(status));
    if (FetchAll(transport_, kExecutor, {Block(1)}).texts[0].size() != kBlockBytes) return false;
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (heard_ == before && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return heard_ > before && closed_ == 0;
  }

 private:
  std::atomic<int> heard_ = 0;  // statuses
  std::atomic<int> closed_ = 0;
  std::atomic<bool> done_ = false;
  TestBlocks blocks_;
  std::unique_ptr<GrpcDriverEndpoint> endpoint_;
  std::unique_ptr<GrpcBlockServer> server_;
  GrpcBlockTransport transport_;
  GrpcExecutorLink link_;
  const std::vector<Port> ports_;
  std::thread loop_;
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_TESTS_COMMON_RPC_TEST_APPLICATION_H_
