#include <gtest/gtest.h>

#include <algorithm>

#include "common/rpc/cluster_server.h"
#include "tests/common/rpc/test_application.h"
#include "tests/common/rpc/test_master.h"
#include "tests/support/credentials.h"
#include "tests/support/raw_call.h"
#include "tests/support/tcp_proxy.h"

namespace millstream::rpc {
namespace {

using test::AllMethods;
using test::Caller;

// The ports of an application on one host, without TLS.
class AuthTest : public testing::Test {
 protected:
  grpc::Status Call(const TestApplication::Port& port, const std::string& method,
                    const std::vector<std::string>& tokens) {
    return test::CallWithJunk(port.address, port.server,
                              Caller{"a stranger", grpc::InsecureChannelCredentials(), tokens}, method);
  }

  std::vector<TestApplication::Port> Ports() const {
    return {application_.driver(), application_.executor(), master_.port()};
  }

  const security::Credentials credentials_ = test::NewHostCredentials();
  const std::string token_ = credentials_.token.Reveal();
  TestApplication application_{credentials_, credentials_};
  TestMaster master_{credentials_};
};

TEST_F(AuthTest, EveryMethodOfEveryPortIsRefusedWithoutTheToken) {
  const std::vector<std::string> methods = AllMethods();
  ASSERT_NE(std::ranges::find(methods, kConnectMethod), methods.end());
  ASSERT_NE(std::ranges::find(methods, kAttachMethod), methods.end());
  const std::vector<std::vector<std::string>> wrong{
      {}, {""}, {security::Secret::Random().Reveal()}, {token_.substr(1)}, {token_ + "x"}, {token_, token_}};
  for (const auto& port : Ports()) {
    for (const std::string& method : methods) {
      for (const auto& tokens : wrong) {
        EXPECT_EQ(Call(port, method, tokens).error_code(), grpc::StatusCode::UNAUTHENTICATED) << method;
      }
    }
  }
  EXPECT_TRUE(application_.Works());
}

TEST_F(AuthTest, WhatIsNotServedIsUnimplementedForThoseWhoShowTheToken) {
  for (const auto& port : Ports()) {
    EXPECT_EQ(Call(port, "/x/y", {token_}).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  }
  EXPECT_EQ(Call(application_.executor(), kConnectMethod, {token_}).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(AuthTest, JunkFromThoseWhoShowTheTokenEndsOnlyTheirCall) {
  EXPECT_EQ(Call(application_.executor(), kFetchMethod, {token_}).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Call(application_.executor(), kPutMethod, {token_}).error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_FALSE(Call(application_.driver(), kConnectMethod, {token_}).ok());
  EXPECT_FALSE(Call(master_.port(), kAttachMethod, {token_}).ok());
  EXPECT_TRUE(application_.Works());
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
  for (const auto& port : Ports()) {
    for (const std::string& text : bytes) {
      for (int i = 0; i < 20; ++i) {
        const int socket_fd = millstream::tests::ConnectTo(port.address);
        ASSERT_GE(socket_fd, 0);
        open.push_back(socket_fd);
        send(socket_fd, text.data(), text.size(), MSG_NOSIGNAL);
      }
      EXPECT_TRUE(application_.Works());
    }
  }
  EXPECT_TRUE(application_.Works());
  for (int socket_fd : open) close(socket_fd);
  EXPECT_TRUE(application_.Works());
}

TEST_F(AuthTest, PortsAreBoundToLoopbackAloneUnlessToldOtherwise) {
  for (const auto& port : Ports()) EXPECT_TRUE(port.address.starts_with("127.0.0.1:")) << port.address;
}

}  // namespace
}  // namespace millstream::rpc
