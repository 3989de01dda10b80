#include "common/rpc/rpc_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "common/rpc/listen_address.h"
#include "tests/support/credentials.h"
#include "tests/support/raw_call.h"
#include "tests/support/tcp_proxy.h"

namespace millstream::rpc {
namespace {

using ::testing::HasSubstr;

int PortOf(const RpcServer& server) {
  return std::stoi(server.address().substr(server.address().rfind(':') + 1));
}

TEST(RpcServerTest, BeyondLoopbackItListensOnlyWithTls) {
  const security::Credentials secured = *test::NewClusterSecret().Issue({security::Role::kDriver, "one"});
  for (const char* host : {"0.0.0.0", "::", "192.0.2.1"}) {
    const absl::Status refused =
        RpcServer::Listen(test::NewHostCredentials(), {}, {.listen = {.host = host, .advertised_host = "a"}})
            .status();
    EXPECT_TRUE(absl::IsUnauthenticated(refused)) << host << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("--secret-file"));
  }
  const auto everywhere =
      RpcServer::Listen(secured, {}, {.listen = {.host = "0.0.0.0", .advertised_host = "a.example"}});
  ASSERT_TRUE(everywhere.ok()) << everywhere.status();
  EXPECT_THAT((*everywhere)->address(), ::testing::StartsWith("a.example:"));
  for (const char* host : {"127.0.0.1", "localhost"}) {
    EXPECT_TRUE(RpcServer::Listen(test::NewHostCredentials(), {}, {.listen = {.host = host}}).ok()) << host;
    EXPECT_TRUE(RpcServer::Listen(secured, {}, {.listen = {.host = host}}).ok()) << host;
  }
}

TEST(RpcServerTest, APortThatIsTakenAndAHostThatIsNotHereAreRefused) {
  const security::Credentials credentials = test::NewHostCredentials();
  const auto first = RpcServer::Listen(credentials, {}, {});
  ASSERT_TRUE(first.ok());
  const int port = PortOf(**first);
  EXPECT_TRUE(
      absl::IsFailedPrecondition(RpcServer::Listen(credentials, {}, {.listen = {.port = port}}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      RpcServer::Listen(credentials, {}, {.listen = {.host = "no such host"}}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(RpcServer::Listen(credentials, {}, {.listen = {.host = ""}}).status()));
}

TEST(RpcServerTest, EveryAddressIsNoneThatPeersCanBeTold) {
  const security::Credentials secured = *test::NewClusterSecret().Issue({security::Role::kDriver, "one"});
  for (const char* host : {"0.0.0.0", "0", "::"}) {
    const absl::Status refused = RpcServer::Listen(secured, {}, {.listen = {.host = host}}).status();
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("--advertised-host"));
  }
}

TEST(RpcServerTest, OfARangeOfPortsTheFirstThatIsFreeIsTaken) {
  const security::Credentials credentials = test::NewHostCredentials();
  const auto first = *RpcServer::Listen(credentials, {}, {});
  const int port = PortOf(*first);
  const auto next = RpcServer::Listen(credentials, {}, {.listen = {.port = port, .more_ports = 100}});
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_GT(PortOf(**next), port);
  EXPECT_LE(PortOf(**next), port + 100);
  // There is none after the last.
  const auto last = RpcServer::Listen(credentials, {}, {.listen = {.port = 65535}});
  const absl::Status refused =
      RpcServer::Listen(credentials, {}, {.listen = {.port = 65535, .more_ports = 16, .port_name = "a.port"}})
          .status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(refused.message(),
            "127.0.0.1:65535: another process listens there. Give another a.port, or 0 for any that is free");
}

TEST(RpcServerTest, CredentialsThatAreNoCertificateAreRefused) {
  security::Credentials credentials = *test::NewClusterSecret().Issue({security::Role::kDriver, "one"});
  credentials.tls->own.private_key = "no key";
  EXPECT_FALSE(RpcServer::Listen(credentials, {}, {}).ok());
}

// A port in a process that may have few files open; the test's own sockets count among them.
class FewFilesTest : public ::testing::Test {
 protected:
  static constexpr rlim_t kFiles = 256;

  void SetUp() override {
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    server_ = *RpcServer::Listen(credentials_, {}, {});
    polling_ = std::thread([this] {
      while (!stopping_) server_->Poll(std::chrono::system_clock::time_point::max());
    });
    ASSERT_TRUE(Answers());
    SetLimit(kFiles);
  }
  void TearDown() override {
    Leave();
    SetLimit(before_.rlim_cur);
    stopping_ = true;
    server_->Wake();
    polling_.join();
  }

  void SetLimit(rlim_t files) const {
    const rlimit limit{files, before_.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  }
  bool Answers() const {
    const test::Caller caller{"one of us", grpc::InsecureChannelCredentials(), {credentials_.token.Reveal()}};
    return test::CallWithJunk(server_->address(), {}, caller, "/x/y").error_code() ==
           grpc::StatusCode::UNIMPLEMENTED;
  }
  // Silent connections, until there is no file left for another one.
  void Fill() {
    for (int connection; (connection = tests::ConnectTo(server_->address())) >= 0;) {
      connections_.push_back(connection);
    }
  }
  // Whether the port has closed a connection.
  bool AwaitEnd(int connection) const {
    pollfd polled{connection, POLLRDHUP, 0};
    return poll(&polled, 1, 60'000) == 1;
  }
  void Leave() {
    for (const int connection : connections_) close(connection);
    connections_.clear();
  }

  const security::Credentials credentials_ = test::NewHostCredentials();
  rlimit before_{};
  std::unique_ptr<RpcServer> server_;
  std::vector<int> connections_;
  std::atomic<bool> stopping_ = false;
  std::thread polling_;
};

TEST_F(FewFilesTest, APortThatRanOutOfFilesAcceptsAgain) {
  Fill();
  EXPECT_GT(connections_.size(), 32u);
  Leave();
  EXPECT_TRUE(Answers());
}

TEST_F(FewFilesTest, APortKeepsFilesForItsOwnProcess) {
  // What comes when three quarters of the files are taken is turned away.
  std::vector<int> files;
  for (int file = 0; file < static_cast<int>(kFiles - kFiles / 4);) {
    file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    files.push_back(file);
  }
  const int connection = tests::ConnectTo(server_->address());
  EXPECT_TRUE(AwaitEnd(connection));
  const int own = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_GE(own, 0);
  close(own);
  close(connection);
  for (const int file : files) close(file);
  EXPECT_TRUE(Answers());
}

TEST_F(FewFilesTest, ThoseWhoStaySilentAreSentAwayAndThePortIsFreeAgain) {
  Fill();
  SetLimit(kFiles * 2);  // for the call; what the port has left for it is still too little
  for (const int connection : connections_) EXPECT_TRUE(AwaitEnd(connection));
  EXPECT_TRUE(Answers());
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
  // An old way to write 127.0.1.1, which is resolved as a name is.
  EXPECT_TRUE(absl::IsInvalidArgument(ResolveListenAddress("127.257", 80).status()));
  EXPECT_EQ(ResolveListenAddress("::1", 7077)->socket_address.ss_family, AF_INET6);
  EXPECT_EQ(ResolveListenAddress("127.0.0.1", 0)->socket_address.ss_family, AF_INET);
}

TEST(ListenAddressTest, AHostBeyondLoopbackNeedsASecuredConnection) {
  EXPECT_EQ(*CheckHost("127.0.0.1", false, "--host"), "127.0.0.1");
  EXPECT_EQ(*CheckHost("127.1.2.3", false, "--host"), "127.1.2.3");
  EXPECT_EQ(*CheckHost("localhost", false, "--host"), "127.0.0.1");
  for (const char* host : {"0.0.0.0", "192.0.2.1"}) {
    EXPECT_TRUE(absl::IsUnauthenticated(CheckHost(host, false, "--host").status())) << host;
    EXPECT_EQ(*CheckHost(host, true, "--host"), host);
  }
  // Of a name that has no address nobody can say that it is beyond loopback.
  for (const char* host : {"", "no such host"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckHost(host, false, "--host").status())) << host;
    EXPECT_TRUE(absl::IsAborted(CheckHosts({host + std::string(":7077")}, false, "--master").status()));
    EXPECT_EQ(*CheckHost(host, true, "--host"), host);
  }
  for (const bool secured : {false, true}) {
    const absl::Status refused = CheckHosts({"127.257:7077"}, secured, "--master").status();
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("127.0.1.1"));
    EXPECT_THAT(std::string(refused.message()), HasSubstr("/etc/hosts"));
  }
}

TEST(ListenAddressTest, TheOwnAddressIsTheOneThatLeadsToTheOther) {
  EXPECT_EQ(*OwnAddressTowards("127.0.0.1:7077"), "127.0.0.1");
  EXPECT_EQ(*OwnAddressTowards("localhost:7077"), "127.0.0.1");
  EXPECT_TRUE(absl::IsAborted(OwnAddressTowards("no such host:7077").status()));
}

}  // namespace
}  // namespace millstream::rpc
