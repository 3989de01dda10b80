// Mutual TLS: who gets in, and what a changed byte does.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "common/security/certificates.h"
#include "tests/common/rpc/test_application.h"
#include "tests/support/credentials.h"
#include "tests/support/raw_call.h"

namespace millstream::rpc {
namespace {

using grpc::StatusCode;
using security::CertifiedKey;
using security::Credentials;
using security::Identity;
using security::Role;
using test::Caller;

constexpr std::chrono::hours kDay{24};

std::shared_ptr<grpc::ChannelCredentials> Connection(const std::string& authority, const CertifiedKey& own) {
  return grpc::SslCredentials({authority, own.private_key, own.certificate});
}

// A caller with the certificate of `credentials` and its token.
Caller As(const std::string& name, const Credentials& credentials) {
  return {name, Connection(credentials.tls->authority, credentials.tls->own), {credentials.token.Reveal()}};
}

class TlsTest : public testing::Test {
 protected:
  Credentials Issue(Role role, const std::string& application) const {
    return *cluster_.Issue({role, application});
  }

  // Trusts this cluster, and shows the first application's token.
  Caller With(const std::string& name, const CertifiedKey& own) const {
    return {name, Connection(driver_.tls->authority, own), {driver_.token.Reveal()}};
  }

  // A certificate that an executor, not the authority, signed.
  CertifiedKey SignedByAnExecutor() const {
    const auto now = std::chrono::system_clock::now();
    CertifiedKey forged =
        *security::IssueCertificate(executor_.tls->own, NameOf(driver_.identity), {now - kDay, now + kDay});
    forged.certificate += executor_.tls->own.certificate;
    return forged;
  }

  const security::ClusterSecret cluster_ = test::NewClusterSecret();
  const Credentials driver_ = Issue(Role::kDriver, "one");
  const Credentials executor_ = Issue(Role::kExecutor, "one");
  TestApplication application_{driver_, executor_};
};

TEST_F(TlsTest, ThoseWhoseCertificateCannotBeVerifiedGetNoConnection) {
  const auto now = std::chrono::system_clock::now();
  const std::string& authority = driver_.tls->authority;
  const std::vector<Caller> strangers{
      {"plaintext", grpc::InsecureChannelCredentials(), {driver_.token.Reveal()}},
      {"no certificate", grpc::SslCredentials({authority, "", ""}), {driver_.token.Reveal()}},
      As("expired", *cluster_.Issue(executor_.identity, now - 366 * kDay)),
      As("not valid yet", *cluster_.Issue(executor_.identity, now + kDay)),
      With("another authority's", test::NewClusterSecret().Issue(executor_.identity)->tls->own),
      With("an executor's forgery", SignedByAnExecutor())};
  for (const auto& port : application_.ports()) {
    for (const std::string& method : test::AllMethods()) {
      for (const Caller& stranger : strangers) {
        const grpc::Status status = CallWithJunk(port.address, port.server, stranger, method);
        EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE) << stranger.name << ": " << method;
      }
    }
  }
  EXPECT_TRUE(application_.Works());
}

TEST_F(TlsTest, ThoseWhoDoNotProveToBeOfTheApplicationAreUnauthenticated) {
  const std::shared_ptr<grpc::ChannelCredentials> right = As("", executor_).connection;
  const std::string token = executor_.token.Reveal();
  const Credentials other = Issue(Role::kExecutor, "two");
  const std::vector<Caller> strangers{
      {"no token", right, {}},
      {"a wrong token", right, {security::Secret::Random().Reveal()}},
      {"two tokens", right, {token, token}},
      {"another application's token", right, {other.token.Reveal()}},
      {"the cluster's token", right, {Issue(Role::kWorker, "").token.Reveal()}},
      As("another application's executor", other),
      As("another application's driver", Issue(Role::kDriver, "two")),
      With("another application's executor with a stolen token", other.tls->own),
      As("a worker", Issue(Role::kWorker, "")),
      With("a master with the application's token", Issue(Role::kMaster, "").tls->own)};
  for (const auto& port : application_.ports()) {
    for (const std::string& method : test::AllMethods()) {
      for (const Caller& stranger : strangers) {
        const grpc::Status status = CallWithJunk(port.address, port.server, stranger, method);
        EXPECT_EQ(status.error_code(), StatusCode::UNAUTHENTICATED) << stranger.name << ": " << method;
      }
    }
  }
  EXPECT_TRUE(application_.Works());
}

TEST_F(TlsTest, EveryMethodIsDeniedToARoleThatItIsNotFor) {
  const Caller submitter = As("a submitter", Issue(Role::kSubmitter, "one"));
  for (const auto& port : application_.ports()) {
    for (const std::string& method : test::AllMethods()) {
      const StatusCode code = CallWithJunk(port.address, port.server, submitter, method).error_code();
      EXPECT_TRUE(code == StatusCode::PERMISSION_DENIED || code == StatusCode::UNIMPLEMENTED) << method;
    }
  }
  const auto code = [&](const TestApplication::Port& port, const Caller& caller, const char* method) {
    return CallWithJunk(port.address, port.server, caller, method).error_code();
  };
  EXPECT_EQ(code(application_.driver(), submitter, kConnectMethod), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code(application_.executor(), submitter, kFetchMethod), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code(application_.executor(), submitter, kPutMethod), StatusCode::PERMISSION_DENIED);
  const Caller driver = As("a driver", driver_);
  EXPECT_EQ(code(application_.driver(), driver, kConnectMethod), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code(application_.executor(), driver, kPutMethod), StatusCode::PERMISSION_DENIED);
  // Let in, and its junk refused.
  EXPECT_EQ(code(application_.executor(), driver, kFetchMethod), StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(application_.Works());
}

TEST_F(TlsTest, AMethodThatNamesNoCallersIsForNobody) {
  const auto accept = [](RpcServer::Call&) -> absl::StatusOr<std::unique_ptr<RpcHandler>> {
    return absl::InternalError("accepted");
  };
  auto server = *RpcServer::Listen(driver_, {{"/x/y", {accept, {}}}}, {});
  std::atomic<bool> done = false;
  std::thread poller([&] {
    while (!done) server->Poll(std::chrono::system_clock::time_point::max());
  });
  for (const Credentials& caller : {driver_, executor_}) {
    const grpc::Status status =
        CallWithJunk(server->address(), driver_.identity, As("a caller", caller), "/x/y");
    EXPECT_EQ(status.error_code(), StatusCode::PERMISSION_DENIED);
  }
  done = true;
  server->Wake();
  poller.join();
}

TEST_F(TlsTest, AnApplicationCannotFetchAnothersBlocks) {
  TestApplication other(Issue(Role::kDriver, "two"), Issue(Role::kExecutor, "two"));
  for (const Role role : {Role::kDriver, Role::kExecutor}) {
    GrpcBlockTransport thief(Issue(role, "two"), std::chrono::minutes(1));
    thief.SetPeer(TestApplication::kExecutor, application_.executor().address);
    const Fetched fetched = FetchAll(thief, TestApplication::kExecutor, {Block(1)});
    EXPECT_TRUE(absl::IsUnavailable(fetched.status)) << fetched.status;
    EXPECT_EQ(fetched.texts[0], "");
    EXPECT_FALSE(thief.Put(TestApplication::kExecutor, Block(1), {exec::OwnBytes("forged")}).ok());
  }
  EXPECT_TRUE(application_.Works());
  EXPECT_TRUE(other.Works());
}

// What a link heard before it ended.
struct Heard {
  bool ended = false;
  int commands = 0;
};

Heard ConnectAndAwaitEnd(const std::string& driver_address, const Credentials& executor) {
  Heard heard;
  std::promise<void> ended;
  GrpcExecutorLink link(driver_address, executor, std::chrono::seconds(60));
  link.Start(
      {[&](std::shared_ptr<const proto::ToExecutor> message) { heard.commands += message->commands_size(); },
       [&](const std::string&) { ended.set_value(); }});
  auto hello = std::make_shared<proto::FromExecutor>();
  hello->mutable_hello()->set_executor(2);
  link.Send(std::move(hello));
  heard.ended = ended.get_future().wait_for(std::chrono::minutes(1)) == std::future_status::ready;
  return heard;
}

TEST_F(TlsTest, AnApplicationCannotCommandAnothersExecutors) {
  // A driver that would command whoever comes.
  auto impostor = *GrpcDriverEndpoint::Listen(Issue(Role::kDriver, "two"), {});
  int hellos = 0;
  impostor->Listen({[&](ExecutorId executor, std::shared_ptr<const proto::FromExecutor>) {
                      ++hellos;
                      auto message = std::make_shared<proto::ToExecutor>();
                      message->add_commands()->mutable_shutdown();
                      impostor->Send(executor, std::move(message));
                    },
                    [](ExecutorId, const std::string&) {}});
  impostor->Expect(ExecutorId{2});
  std::atomic<bool> done = false;
  std::thread loop([&] {
    std::mutex mutex;
    std::unique_lock turn(mutex);
    while (!done) impostor->Wait(turn, std::nullopt);
  });
  const Heard heard = ConnectAndAwaitEnd(impostor->address(), executor_);
  // An executor cannot play the driver either.
  const Heard from_executor = ConnectAndAwaitEnd(application_.executor().address, executor_);
  done = true;
  impostor->Wake();
  loop.join();
  EXPECT_TRUE(heard.ended && from_executor.ended);
  EXPECT_EQ(heard.commands + from_executor.commands, 0);
  EXPECT_EQ(hellos, 0);
}

TEST_F(TlsTest, AnApplicationsExecutorIsNotHeardByAnothersDriver) {
  const Heard heard = ConnectAndAwaitEnd(application_.driver().address, Issue(Role::kExecutor, "two"));
  EXPECT_TRUE(heard.ended);
  EXPECT_EQ(heard.commands, 0);
  EXPECT_TRUE(application_.Works());
}

}  // namespace
}  // namespace millstream::rpc
