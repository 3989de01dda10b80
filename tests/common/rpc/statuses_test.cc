#include "common/rpc/statuses.h"

#include <gtest/gtest.h>

namespace millstream::rpc {
namespace {

std::string TextOf(grpc::StatusCode code, const std::string& text) {
  return std::string(FromGrpc({code, text}).message());
}

TEST(StatusesTest, AConnectionThatIsNotThereIsToldWithoutWhatGrpcWentThrough) {
  const std::string failed = "failed to connect to all addresses; last error: UNKNOWN: ipv4:10.0.0.1:7077: ";
  const std::pair<std::string, std::string> texts[] = {
      {failed + "Failed to connect to remote host: Connection refused", "nothing listens there"},
      {failed + "Failed to connect to remote host: No route to host", "no route leads there"},
      {failed + "connection attempt timed out before receiving SETTINGS frame", "it does not answer"},
      {failed + "Ssl handshake failed: SSL_ERROR_SSL: error:100000f7",
       "it does not speak TLS as this process does"},
      {failed + "something new", "it cannot be connected to"},
      {"DNS resolution failed for nosuchhost.invalid:7077: C-ares status is not ARES_SUCCESS qtype=A",
       "its name has no address"},
      {"recvmsg:Connection reset by peer", "the connection broke"},
      {"Socket closed", "the connection broke"},
      {"keepalive watchdog timeout", "it does not answer"}};
  for (const auto& [said, told] : texts) EXPECT_EQ(TextOf(grpc::StatusCode::UNAVAILABLE, said), told) << said;
}

TEST(StatusesTest, WhatAPeerSaysIsPassedOn) {
  EXPECT_EQ(TextOf(grpc::StatusCode::UNAVAILABLE, "the worker was silent"), "the worker was silent");
  EXPECT_EQ(TextOf(grpc::StatusCode::NOT_FOUND, "Socket closed"), "Socket closed");
}

}  // namespace
}  // namespace millstream::rpc
