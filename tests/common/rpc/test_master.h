#ifndef MILLSTREAM_TESTS_COMMON_RPC_TEST_MASTER_H_
#define MILLSTREAM_TESTS_COMMON_RPC_TEST_MASTER_H_

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "common/rpc/cluster_server.h"
#include "common/security/credentials.h"
#include "tests/common/rpc/test_application.h"

namespace millstream::rpc {

// A master's port, which works all the time and to which nobody is to say anything it understands.
class TestMaster {
 public:
  explicit TestMaster(const security::Credentials& own)
      : server_(*ClusterServer::Listen(own, {})), port_{server_->address(), own.identity} {
    server_->SetListener({[](ConnectionId, const security::Identity&, const proto::ToMaster&) {
                            ADD_FAILURE() << "junk was understood";
                          },
                          [](ConnectionId) {}});
    loop_ = std::thread([this] {
      while (!done_) server_->Wait(std::chrono::steady_clock::now() + std::chrono::minutes(1));
    });
  }

  ~TestMaster() {
    done_ = true;
    server_->Wake();
    loop_.join();
  }

  const TestApplication::Port& port() const { return port_; }

 private:
  std::atomic<bool> done_ = false;
  std::unique_ptr<ClusterServer> server_;
  const TestApplication::Port port_;
  std::thread loop_;
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_TESTS_COMMON_RPC_TEST_MASTER_H_
