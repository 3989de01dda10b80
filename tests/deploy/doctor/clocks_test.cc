#include "deploy/doctor/clocks.h"

#include <gtest/gtest.h>

#include "tests/deploy/doctor/finding_matchers.h"

namespace millstream::deploy {
namespace {

constexpr int64_t kNow = 1'764'000'000'000;
constexpr int64_t kHour = 3'600'000;

TEST(ClocksTest, ClocksThatGoTogetherAreFine) {
  EXPECT_THAT(CheckClocks({kNow, 50, true}, {kNow + 1000, 1050, true}), IsOkAndSays("is kept in time"));
}

TEST(ClocksTest, AWallClockThatNobodyKeepsOrThatIsSetInStepsIsToldOf) {
  EXPECT_THAT(CheckClocks({kNow, 50, false}, {kNow, 50, false}),
              WarnsOf("nothing keeps it in time, the kernel says. As root, install"));
  EXPECT_THAT(CheckClocks({kNow, 50, true}, {kNow - 400, 150, true}), WarnsOf("it was set by -500 ms"));
  EXPECT_THAT(CheckClocks({kNow, 50, true}, {kNow + 600, 150, true}), WarnsOf("it was set by 500 ms"));
}

TEST(ClocksTest, AWallClockOfThePastFails) {
  EXPECT_THAT(CheckClocks({100, 50, true}, {100, 50, true}), FailsOn("behind the release of this program"));
}

TEST(ClocksTest, AMonotonicClockThatGoesBackFails) {
  EXPECT_THAT(CheckClocks({kNow, 50, true}, {kNow, 49, true}), FailsOn("the monotonic one went back"));
}

TEST(ClocksTest, TheMastersClockAgreesIfItIsBetweenQuestionAndAnswer) {
  EXPECT_THAT(CheckMasterClock(kNow, kNow + 20, kNow + 30), IsOkAndSays("agree within 30 ms"));
  EXPECT_THAT(CheckMasterClock(kNow, kNow + 500, kNow + 30), IsOkAndSays("agree within 470 ms"));
}

TEST(ClocksTest, AMasterOfAnotherTimeIsToldOfAndOneAnHourApartFails) {
  EXPECT_THAT(CheckMasterClock(kNow, kNow - 2000, kNow + 30), WarnsOf("2000 ms ahead of the master's"));
  EXPECT_THAT(CheckMasterClock(kNow, kNow + 2030, kNow + 30), WarnsOf("2000 ms behind the master's"));
  EXPECT_THAT(CheckMasterClock(kNow, kNow - 2 * kHour, kNow), FailsOn("ahead of the master's: certificates"));
  EXPECT_THAT(CheckMasterClock(kNow, kNow + 2 * kHour, kNow), FailsOn("behind the master's: certificates"));
}

TEST(ClocksTest, ReadingsOfThisHostGoForward) {
  const ClockReading first = ReadClocks();
  EXPECT_GE(ReadClocks().steady_ms, first.steady_ms);
}

}  // namespace
}  // namespace millstream::deploy
