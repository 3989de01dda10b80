#include "deploy/doctor/ports.h"

#include <gtest/gtest.h>

#include "tests/deploy/doctor/finding_matchers.h"
#include "tests/support/text_server.h"

namespace millstream::deploy {
namespace {

TEST(PortsTest, APortThatNobodyHoldsIsFine) {
  EXPECT_THAT(CheckPort(test::UnusedPort()), IsOkAndSays("can be listened on"));
  EXPECT_THAT(CheckPort(0), IsOkAndSays("any port"));
}

TEST(PortsTest, APortThatIsHeldOnLoopbackAloneFails) {
  const test::TextServer holder;
  const std::string port = std::to_string(holder.port());
  EXPECT_THAT(CheckPort(holder.port()), FailsOn("port " + port + ": another process listens there"));
  EXPECT_THAT(CheckPort(holder.port()), Says("--port"));
}

}  // namespace
}  // namespace millstream::deploy
