#include "common/security/cluster_secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "proto/bootstrap.pb.h"
#include "tests/support/credentials.h"

namespace millstream::security {
namespace {

using std::chrono::system_clock;
using ::testing::HasSubstr;

constexpr std::chrono::hours kYear{365 * 24};

class ClusterSecretTest : public testing::Test {
 protected:
  ClusterSecretTest() { EXPECT_TRUE(ClusterSecret::MakeFile(file_).ok()); }

  static std::string TextOf(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }

  // Whether the file is refused with one line that names it and says `cause`.
  static void ExpectUnusable(const std::string& file, const std::string& cause,
                             ClusterSecret::Time now = system_clock::now()) {
    const absl::Status status = ClusterSecret::Read(file, now).status();
    EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
    EXPECT_THAT(std::string(status.message()), ::testing::StartsWith(file + ": "));
    EXPECT_THAT(std::string(status.message()), HasSubstr(cause));
    EXPECT_EQ(status.message().find('\n'), std::string::npos);
  }

  // The file with other content.
  void Replace(const std::string& text) { std::ofstream(file_, std::ios::trunc) << text; }

  const test::TemporaryFolder folder_;
  const std::string file_ = folder_.File("secret");
};

TEST_F(ClusterSecretTest, ANewFileIsItsUsersAloneAndCanBeRead) {
  struct stat file {};
  ASSERT_EQ(stat(file_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 07777, 0600u);
  EXPECT_TRUE(ClusterSecret::Read(file_).ok());
}

TEST_F(ClusterSecretTest, AFileThatExistsIsNotReplaced) {
  const std::string before = TextOf(file_);
  const absl::Status status = ClusterSecret::MakeFile(file_);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(TextOf(file_), before);
  EXPECT_TRUE(absl::IsInvalidArgument(ClusterSecret::MakeFile(folder_.File("missing/secret"))));
}

TEST_F(ClusterSecretTest, AFileThatOthersMayAccessIsRefused) {
  for (const mode_t mode : {0640, 0604, 0620, 0610, 0644, 0777}) {
    ASSERT_EQ(chmod(file_.c_str(), mode), 0);
    ExpectUnusable(file_, "others may access it");
  }
  ASSERT_EQ(chmod(file_.c_str(), 0400), 0);
  EXPECT_TRUE(ClusterSecret::Read(file_).ok());
}

TEST_F(ClusterSecretTest, AnotherUsersFileIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "SKIPPED: a file of another user: only root can give one away";
  ASSERT_EQ(chown(file_.c_str(), 12345, static_cast<gid_t>(-1)), 0);
  ExpectUnusable(file_, "belongs to another user");
}

TEST_F(ClusterSecretTest, WhatIsNoFileIsRefusedAndNotWaitedFor) {
  ExpectUnusable(folder_.File("missing"), "no such file");
  ExpectUnusable(folder_.File(""), "not a file");
  ASSERT_EQ(mkfifo(folder_.File("pipe").c_str(), 0600), 0);
  ExpectUnusable(folder_.File("pipe"), "not a file");
  std::filesystem::create_symlink(file_, folder_.File("link"));
  EXPECT_TRUE(ClusterSecret::Read(folder_.File("link")).ok());
}

TEST_F(ClusterSecretTest, EveryChangedByteAndEveryMissingEndIsFound) {
  const std::string whole = TextOf(file_);
  for (size_t i = 0; i < whole.size(); ++i) {
    std::fstream file(file_, std::ios::in | std::ios::out);
    const auto put = [&](char byte) { file.seekp(static_cast<std::streamoff>(i)).put(byte).flush(); };
    put(static_cast<char>(whole[i] ^ 1));
    EXPECT_TRUE(absl::IsUnauthenticated(ClusterSecret::Read(file_).status())) << "byte " << i;
    put(whole[i]);
  }
  ASSERT_TRUE(ClusterSecret::Read(file_).ok());
  for (size_t bytes = whole.size(); bytes-- > 0;) {
    std::filesystem::resize_file(file_, bytes);
    EXPECT_TRUE(absl::IsUnauthenticated(ClusterSecret::Read(file_).status())) << "cut at " << bytes;
  }
  Replace(whole + "\n");
  ExpectUnusable(file_, "damaged");
  Replace(std::string(100'000, 'x'));
  ExpectUnusable(file_, "too large");
  Replace("");
  ExpectUnusable(file_, "damaged");
  Replace(whole);
  EXPECT_TRUE(ClusterSecret::Read(file_).ok());
}

TEST_F(ClusterSecretTest, ItIsRefusedBeforeItsTimeAndAfterIt) {
  const auto now = system_clock::now();
  ExpectUnusable(file_, "expired", now + 10 * kYear);
  ExpectUnusable(file_, "clock", now - std::chrono::hours(24));
  EXPECT_TRUE(ClusterSecret::Read(file_, now + 9 * kYear).ok());
}

TEST_F(ClusterSecretTest, OnlyIdsThatCanNameAnApplicationGetCredentials) {
  const ClusterSecret secret = *ClusterSecret::Read(file_);
  EXPECT_TRUE(secret.Issue({Role::kDriver, "app-1"}).ok());
  for (const char* id : {"App", "a.b", "a,DNS:master.millstream", "*", " "}) {
    EXPECT_TRUE(absl::IsInvalidArgument(secret.Issue({Role::kDriver, id}).status())) << id;
  }
}

TEST_F(ClusterSecretTest, CredentialsHoldTheApplicationsTokenAndNothingOfTheClusters) {
  const ClusterSecret secret = *ClusterSecret::Read(file_);
  const Credentials worker = *secret.Issue({Role::kWorker, ""});
  const Credentials driver = *secret.Issue({Role::kDriver, "one"});
  const Credentials executor = *secret.Issue({Role::kExecutor, "one"});
  const Credentials other = *secret.Issue({Role::kExecutor, "two"});
  EXPECT_TRUE(driver.token.Matches(executor.token.Reveal()));
  EXPECT_FALSE(driver.token.Matches(other.token.Reveal()));
  EXPECT_FALSE(driver.token.Matches(worker.token.Reveal()));
  EXPECT_TRUE(worker.TokenOf(driver.identity).Matches(driver.token.Reveal()));
  EXPECT_TRUE(worker.TokenOf(worker.identity).Matches(worker.token.Reveal()));
  EXPECT_NE(driver.tls->own.private_key, executor.tls->own.private_key);
  EXPECT_THAT(TextOf(file_), ::testing::Not(HasSubstr(driver.tls->own.private_key)));
  proto::Credentials message;
  ToProto(executor, message);
  const std::string travels = message.SerializeAsString();
  const std::string text = TextOf(file_);
  const size_t key = text.find("-----BEGIN PRIVATE KEY-----");
  EXPECT_EQ(travels.find(text.substr(key, 120)), std::string::npos) << "the cluster's key";
  EXPECT_EQ(travels.find(worker.token.Reveal()), std::string::npos) << "the cluster's token";
}

TEST_F(ClusterSecretTest, CredentialsTravelWhole) {
  const Credentials sent = *ClusterSecret::Read(file_)->Issue({Role::kExecutor, "one"});
  proto::Credentials message;
  ToProto(sent, message);
  const std::optional<Credentials> got = FromProto(message);
  ASSERT_TRUE(got && got->tls);
  EXPECT_EQ(got->identity, sent.identity);
  EXPECT_TRUE(got->token.Matches(sent.token.Reveal()));
  EXPECT_EQ(got->tls->authority, sent.tls->authority);
  EXPECT_EQ(got->tls->own.certificate, sent.tls->own.certificate);
  EXPECT_EQ(got->tls->own.private_key, sent.tls->own.private_key);
  message.set_token("short");
  EXPECT_FALSE(FromProto(message));
}

}  // namespace
}  // namespace millstream::security
