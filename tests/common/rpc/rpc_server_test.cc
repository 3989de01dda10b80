#include "common/rpc/rpc_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/rpc/listen_address.h"
#include "tests/support/credentials.h"

namespace millstream::rpc {
namespace {

using ::testing::HasSubstr;

TEST(RpcServerTest, BeyondLoopbackItListensOnlyWithTls) {
  const security::Credentials secured = *test::NewClusterSecret().Issue({security::Role::kDriver, "one"});
  for (const char* host : {"0.0.0.0", "::"}) {
    const absl::Status refused = RpcServer::Listen(test::NewHostCredentials(), {}, {.host = host}).status();
    EXPECT_TRUE(absl::IsUnauthenticated(refused)) << host << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("--secret-file"));
  }
  const auto everywhere = RpcServer::Listen(secured, {}, {.host = "0.0.0.0"});
  ASSERT_TRUE(everywhere.ok()) << everywhere.status();
  EXPECT_THAT((*everywhere)->address(), ::testing::StartsWith("0.0.0.0:"));
  for (const char* host : {"127.0.0.1", "localhost"}) {
    EXPECT_TRUE(RpcServer::Listen(test::NewHostCredentials(), {}, {.host = host}).ok()) << host;
    EXPECT_TRUE(RpcServer::Listen(secured, {}, {.host = host}).ok()) << host;
  }
}

TEST(RpcServerTest, APortThatIsTakenAndAHostThatIsNotHereAreRefused) {
  const security::Credentials credentials = test::NewHostCredentials();
  const auto first = RpcServer::Listen(credentials, {}, {});
  ASSERT_TRUE(first.ok());
  const std::string& address = (*first)->address();
  const int port = std::stoi(address.substr(address.rfind(':') + 1));
  EXPECT_TRUE(absl::IsFailedPrecondition(RpcServer::Listen(credentials, {}, {.port = port}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(RpcServer::Listen(credentials, {}, {.host = "no such host"}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(RpcServer::Listen(credentials, {}, {.host = ""}).status()));
}

TEST(RpcServerTest, CredentialsThatAreNoCertificateAreRefused) {
  security::Credentials credentials = *test::NewClusterSecret().Issue({security::Role::kDriver, "one"});
  credentials.tls->own.private_key = "no key";
  EXPECT_FALSE(RpcServer::Listen(credentials, {}, {}).ok());
}

TEST(ListenAddressTest, AddressesOfThisHostAloneAreLoopback) {
  for (const char* host : {"127.0.0.1", "127.0.1.1", "localhost", "::1"}) {
    const auto address = ResolveListenAddress(host, 80);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_TRUE(address->loopback) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::ffff:127.0.0.1"}) {
    const auto address = ResolveListenAddress(host, 80);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_FALSE(address->loopback) << host;
  }
  EXPECT_EQ(ResolveListenAddress("::1", 7077)->numeric, "[::1]:7077");
  EXPECT_EQ(ResolveListenAddress("127.0.0.1", 0)->numeric, "127.0.0.1:0");
}

}  // namespace
}  // namespace millstream::rpc
