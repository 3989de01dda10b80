// A master's port with a secret file: who gets in, what each may say, and how a wrong secret is told from
// silence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/rpc/cluster_server.h"
#include "common/rpc/master_connection.h"
#include "common/security/local_secret.h"
#include "tests/common/rpc/test_master.h"
#include "tests/support/credentials.h"
#include "tests/support/raw_call.h"
#include "tests/support/tcp_proxy.h"

namespace millstream::rpc {
namespace {

using grpc::StatusCode;
using security::Credentials;
using security::Role;
using test::Caller;
using ::testing::HasSubstr;

Caller As(const std::string& name, const Credentials& credentials) {
  return {name,
          grpc::SslCredentials({credentials.tls->authority, credentials.tls->own.private_key,
                                credentials.tls->own.certificate}),
          {credentials.token.Reveal()}};
}

// Hears messages, and answers each with a list.
class AnsweringMaster {
 public:
  explicit AnsweringMaster(const Credentials& own) : server_(*ClusterServer::Listen(own, {})) {
    server_->SetListener(
        {[this](ConnectionId from, const security::Identity& caller, const proto::ToMaster&) {
           applications_.push_back(caller.application);
           proto::FromMaster answer;
           answer.mutable_list();
           server_->Send(from, answer);
         },
         [](ConnectionId) {}});
    loop_ = std::thread([this] {
      while (!done_) server_->Wait(std::chrono::steady_clock::now() + std::chrono::minutes(1));
    });
  }
  ~AnsweringMaster() { End(); }

  const std::string& address() const { return server_->address(); }
  // Of the callers that were heard, in order.
  const std::vector<std::string>& End() {
    if (!done_.exchange(true)) {
      server_->Wake();
      loop_.join();
    }
    return applications_;
  }

 private:
  std::atomic<bool> done_ = false;
  std::vector<std::string> applications_;
  std::unique_ptr<ClusterServer> server_;
  std::thread loop_;
};

// What becomes of a connection whose first message is `hello`: OK if the master answers it.
absl::Status Say(const Credentials& own, const std::string& master, const proto::ToMaster& hello) {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<absl::Status> end;
  const auto set = [&](const absl::Status& status) {
    std::lock_guard lock(mutex);
    if (!end) end = absl::Status(status.code(), status.message());
    changed.notify_all();
  };
  MasterConnection connection(own, {master},
                              {.hello = [&] { return hello; },
                               .on_message = [&](const proto::FromMaster&) { set(absl::OkStatus()); },
                               .on_lost = [&](const absl::Status& why) { set(why); }});
  connection.Start();
  std::unique_lock lock(mutex);
  changed.wait_for(lock, std::chrono::minutes(1), [&] { return end.has_value(); });
  return end.value_or(absl::UnknownError("nothing happens"));
}

class ClusterTlsTest : public testing::Test {
 protected:
  Credentials Issue(Role role, const std::string& application = "") const {
    return *cluster_.Issue({role, application});
  }

  const security::ClusterSecret cluster_ = test::NewClusterSecret();
  const Credentials master_ = Issue(Role::kMaster);
};

TEST_F(ClusterTlsTest, EveryMethodOfAMasterIsRefusedToStrangersAndToRolesItIsNotFor) {
  TestMaster master(master_);
  const security::ClusterSecret other = test::NewClusterSecret();
  const Credentials worker = Issue(Role::kWorker);
  const Credentials executor = Issue(Role::kExecutor, "one");
  const std::vector<std::pair<Caller, StatusCode>> callers{
      {{"plaintext", grpc::InsecureChannelCredentials(), {worker.token.Reveal()}}, StatusCode::UNAVAILABLE},
      {{"no certificate", grpc::SslCredentials({worker.tls->authority, "", ""}), {worker.token.Reveal()}},
       StatusCode::UNAVAILABLE},
      {As("another cluster's worker", *other.Issue({Role::kWorker, ""})), StatusCode::UNAVAILABLE},
      {{"no token", As("", worker).connection, {}}, StatusCode::UNAUTHENTICATED},
      {{"an application's driver with the cluster's token",
        As("", Issue(Role::kDriver, "one")).connection,
        {worker.token.Reveal()}},
       StatusCode::UNAUTHENTICATED},
      {{"another application's token",
        As("", executor).connection,
        {Issue(Role::kExecutor, "two").token.Reveal()}},
       StatusCode::UNAUTHENTICATED}};
  for (const std::string& method : test::AllMethods()) {
    for (const auto& [caller, code] : callers) {
      EXPECT_EQ(CallWithJunk(master.port().address, master.port().server, caller, method).error_code(), code)
          << caller.name << ": " << method;
    }
  }
  for (const Credentials& caller : {executor, master_}) {
    EXPECT_EQ(CallWithJunk(master.port().address, master.port().server, As("a role", caller), kAttachMethod)
                  .error_code(),
              StatusCode::PERMISSION_DENIED);
  }
}

TEST_F(ClusterTlsTest, EachRoleMaySayWhatIsItsToSayAndNothingElse) {
  const std::vector<std::pair<Credentials, std::set<std::string>>> speakers{
      {Issue(Role::kWorker),
       {"worker", "heartbeat", "ended", "log_answer", "file_request", "worker_stopping"}},
      {Issue(Role::kDriver, "one"),
       {"application", "heartbeat", "launch", "ended", "application_ended", "application_exit"}},
      {Issue(Role::kSubmitter),
       {"list", "kill", "log_query", "submit_driver", "await_driver", "file_chunk"}}};
  AnsweringMaster master(master_);
  const auto* kinds = proto::ToMaster::descriptor()->oneof_decl(0);
  for (int i = 0; i < kinds->field_count(); ++i) {
    proto::ToMaster message;
    message.GetReflection()->MutableMessage(&message, kinds->field(i));
    for (const auto& [own, allowed] : speakers) {
      const absl::Status status = Say(own, master.address(), message);
      if (allowed.contains(kinds->field(i)->name())) {
        EXPECT_TRUE(status.ok()) << kinds->field(i)->name() << status;
      } else {
        EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << kinds->field(i)->name();
      }
    }
  }
}

TEST_F(ClusterTlsTest, AMasterLearnsWhichApplicationADriverIsOf) {
  proto::ToMaster hello;
  hello.mutable_application();
  AnsweringMaster master(master_);
  EXPECT_TRUE(Say(Issue(Role::kDriver, "one"), master.address(), hello).ok());
  EXPECT_TRUE(Say(Issue(Role::kDriver, "two"), master.address(), hello).ok());
  EXPECT_THAT(master.End(), ::testing::ElementsAre("one", "two"));
}

TEST_F(ClusterTlsTest, AWrongSecretIsToldFromAMasterThatDoesNotAnswer) {
  proto::ToMaster question;
  question.mutable_list();
  const Credentials own = Issue(Role::kSubmitter);
  const Credentials without{own.identity, security::Secret::Random(), std::nullopt};
  AnsweringMaster secured(master_);
  EXPECT_TRUE(Say(own, secured.address(), question).ok());
  const auto says = [&](const Credentials& credentials, const std::string& address, const char* text) {
    const absl::Status status = Say(credentials, address, question);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(address));
    EXPECT_THAT(std::string(status.message()), HasSubstr(text));
  };
  says(*test::NewClusterSecret().Issue({Role::kSubmitter, ""}), secured.address(), "not by this secret file");
  says(without, secured.address(), "Give --secret-file");
  AnsweringMaster impostor(Issue(Role::kExecutor, "one"));
  says(own, impostor.address(), "another kind of process");
  const auto long_ago = std::chrono::system_clock::now() - std::chrono::hours(24 * 400);
  AnsweringMaster old(*cluster_.Issue({Role::kMaster, ""}, long_ago));
  says(own, old.address(), "not valid at this time");
  AnsweringMaster plain(test::NewHostCredentials());
  says(own, plain.address(), "has no secret file");
}

TEST_F(ClusterTlsTest, AMasterThatIsNotThereIsUnavailable) {
  const std::string address = AnsweringMaster(master_).address();
  EXPECT_EQ(Say(Issue(Role::kSubmitter), address, {}).code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace millstream::rpc
