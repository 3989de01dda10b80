#include "deploy/worker/certify.h"

#include <gtest/gtest.h>

#include "common/security/cluster_secret.h"
#include "common/security/credentials.h"
#include "tests/support/credentials.h"

namespace millstream::deploy {
namespace {

using security::Identity;
using security::Role;

class CertifyTest : public testing::Test {
 protected:
  CertifyTest() {
    EXPECT_TRUE(security::ClusterSecret::MakeFile(secret_file_).ok());
    driver_.is_driver = true;
    driver_.key = {"driver-20260102030405-0007", 2};
    executor_.key = {"app-20260102030405-0008", 0};
  }

  static security::Credentials CredentialsOf(const Launch& launch) {
    const auto credentials = security::FromProto(launch.bootstrap.credentials());
    EXPECT_TRUE(credentials && credentials->tls);
    return *credentials;
  }

  const test::TemporaryFolder folder_;
  const std::string secret_file_ = folder_.File("secret");
  Launch driver_;
  Launch executor_;
};

TEST_F(CertifyTest, ADriverIsCertifiedAsItsLaunchAndItsExecutorsAsItsApplications) {
  ASSERT_TRUE(Certify(secret_file_, driver_).ok());
  const security::Credentials of_driver = CredentialsOf(driver_);
  EXPECT_EQ(of_driver.identity, (Identity{Role::kDriver, "driver-20260102030405-0007-2"}));
  executor_.certified_as = of_driver.identity.application;
  ASSERT_TRUE(Certify(secret_file_, executor_).ok());
  EXPECT_EQ(CredentialsOf(executor_).identity, (Identity{Role::kExecutor, of_driver.identity.application}));
  EXPECT_EQ(CredentialsOf(executor_).token.Reveal(), of_driver.token.Reveal());
}

TEST_F(CertifyTest, WhatAnExecutorsDriverIssuedStays) {
  const auto secret = security::ClusterSecret::Read(secret_file_);
  security::ToProto(*secret->Issue({Role::kExecutor, "app-1"}), *executor_.bootstrap.mutable_credentials());
  executor_.certified_as = "app-2";
  ASSERT_TRUE(Certify(secret_file_, executor_).ok());
  EXPECT_EQ(CredentialsOf(executor_).identity.application, "app-1");
}

TEST_F(CertifyTest, WhoseDriverIsNotCertifiedIsNotEither) {
  EXPECT_TRUE(absl::IsPermissionDenied(Certify(secret_file_, executor_)));
  EXPECT_FALSE(executor_.bootstrap.has_credentials());
}

TEST_F(CertifyTest, WithoutTlsNothingIsAdded) {
  ASSERT_TRUE(Certify("", driver_).ok());
  EXPECT_FALSE(driver_.bootstrap.has_credentials());
}

TEST_F(CertifyTest, ASecretFileThatIsGoneIsAnError) {
  EXPECT_TRUE(absl::IsUnauthenticated(Certify(folder_.File("missing"), driver_)));
}

}  // namespace
}  // namespace millstream::deploy
