#include "deploy/doctor/host_name.h"

#include <gtest/gtest.h>

#include "tests/deploy/doctor/finding_matchers.h"

namespace millstream::deploy {
namespace {

const std::vector<std::string> kOwn{"127.0.0.1", "192.0.2.7", "2001:db8::7"};

TEST(HostNameTest, ANameOfAnAddressOfThisHostIsFine) {
  EXPECT_THAT(CheckHostName({"mill", {"192.0.2.7"}, kOwn}), IsOkAndSays("host name mill: is 192.0.2.7"));
  EXPECT_THAT(CheckHostName({"mill", {"::1", "2001:db8::7"}, kOwn}), IsOkAndSays("2001:db8::7"));
}

TEST(HostNameTest, DebiansDefaultIsExplained) {
  const Finding finding = CheckHostName({"mill", {"127.0.1.1"}, kOwn});
  EXPECT_THAT(finding, WarnsOf("is 127.0.1.1 here, as Debian's installer writes it into /etc/hosts"));
  EXPECT_THAT(finding, Says("as in \"192.0.2.7 mill\""));
  EXPECT_THAT(CheckHostName({"mill", {"127.0.1.1", "192.0.2.7"}, kOwn}), WarnsOf("Debian's installer"));
}

TEST(HostNameTest, NamesThatOtherHostsCannotUseAreToldOf) {
  EXPECT_THAT(CheckHostName({"mill", {}, kOwn}), WarnsOf("has no address"));
  EXPECT_THAT(CheckHostName({"mill", {"127.0.0.1", "::1"}, kOwn}), WarnsOf("other hosts cannot reach"));
  EXPECT_THAT(CheckHostName({"mill", {"192.0.2.8"}, kOwn}), WarnsOf("no address of this host"));
}

TEST(HostNameTest, ThisHostHasANameAndAddresses) {
  const HostName host = LookUpHostName();
  EXPECT_NE(host.name, "");
  EXPECT_THAT(host.own, testing::Contains("127.0.0.1"));
}

}  // namespace
}  // namespace millstream::deploy
