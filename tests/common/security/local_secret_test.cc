#include "common/security/local_secret.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>

namespace millstream::security {
namespace {

constexpr uid_t kNobody = 65534;
const std::string kAddress = "127.0.0.1:" + std::to_string(getpid()) + "-test";

TEST(LocalSecretTest, ProcessesOfTheSameUserGetIt) {
  const Secret secret = Secret::Random();
  const auto server = LocalSecretServer::Start(kAddress, secret);
  ASSERT_TRUE(server.ok()) << server.status();
  for (int i = 0; i < 3; ++i) {
    const auto got = FetchLocalSecret(kAddress);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_TRUE(secret.Matches(got->Reveal()));
  }
}

TEST(LocalSecretTest, WhereNobodyServesThereIsNone) {
  EXPECT_EQ(FetchLocalSecret(kAddress).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(LocalSecretServer::Start(kAddress, Secret::Random()).ok());  // and ends at once
  EXPECT_EQ(FetchLocalSecret(kAddress).status().code(), absl::StatusCode::kNotFound);
}

TEST(LocalSecretTest, AnAddressHasOneServer) {
  const auto server = LocalSecretServer::Start(kAddress, Secret::Random());
  EXPECT_EQ(LocalSecretServer::Start(kAddress, Secret::Random()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(LocalSecretTest, AnotherUserIsRefusedAndNotBelieved) {
  if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: a secret of another user: only root can be two users";
  const auto server = LocalSecretServer::Start(kAddress, Secret::Random());
  ASSERT_TRUE(server.ok());
  std::optional<absl::StatusCode> as_nobody;
  // The C library would change the user of all threads.
  std::thread([&as_nobody] {
    if (syscall(SYS_setresuid, kNobody, kNobody, kNobody) == 0)
      as_nobody = FetchLocalSecret(kAddress).status().code();
  }).join();
  EXPECT_EQ(as_nobody, absl::StatusCode::kUnauthenticated);
}

}  // namespace
}  // namespace millstream::security
