#include "deploy/doctor/secret_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/security/cluster_secret.h"
#include "tests/deploy/doctor/finding_matchers.h"
#include "tests/support/credentials.h"

namespace millstream::deploy {
namespace {

using std::chrono::hours;

class DoctorSecretFileTest : public testing::Test {
 protected:
  DoctorSecretFileTest() { EXPECT_TRUE(security::ClusterSecret::MakeFile(path_).ok()); }

  const test::TemporaryFolder folder_;
  const std::string path_ = folder_.File("secret");
};

TEST_F(DoctorSecretFileTest, ANewOneIsFine) {
  EXPECT_THAT(CheckSecretFile(path_), IsOkAndSays(path_ + ": it is this user's alone"));
}

TEST_F(DoctorSecretFileTest, OneThatOthersMayReadFailsAndChmodIsTheFix) {
  chmod(path_.c_str(), 0640);
  EXPECT_THAT(CheckSecretFile(path_), FailsOn("its mode is 0640. If nobody has read it, chmod 600 " + path_));
}

TEST_F(DoctorSecretFileTest, AMissingOneFails) {
  EXPECT_THAT(CheckSecretFile(folder_.File("none")), FailsOn("there is no such file"));
}

TEST_F(DoctorSecretFileTest, OneThatExpiresSoonIsToldOfAndAnExpiredOneFails) {
  const auto ten_years_on = std::chrono::system_clock::now() + hours(24) * 3650;
  EXPECT_THAT(CheckSecretFile(path_, ten_years_on - hours(24) * 7), WarnsOf("expires within 30 days"));
  EXPECT_THAT(CheckSecretFile(path_, ten_years_on), FailsOn("it expired at"));
}

}  // namespace
}  // namespace millstream::deploy
