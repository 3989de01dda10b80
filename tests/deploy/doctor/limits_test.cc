#include "deploy/doctor/limits.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <limits>

#include "tests/deploy/doctor/finding_matchers.h"

namespace millstream::deploy {
namespace {

using testing::ElementsAre;

TEST(LimitsTest, EnoughOfBothAndNoLimitAtAllAreFine) {
  constexpr uint64_t kNone = std::numeric_limits<uint64_t>::max();
  EXPECT_THAT(CheckLimits({8192, kNone}),
              ElementsAre(IsOkAndSays("open files: at most 8192"), IsOkAndSays("processes: no limit")));
}

TEST(LimitsTest, FewAreToldOfAndTooFewFailWithTheCommandThatRaisesThem) {
  EXPECT_THAT(CheckLimits({1024, 300}),
              ElementsAre(WarnsOf("As root, raise it: ulimit -Hn 8192"),
                          WarnsOf("Raise it, as root beyond the hard limit: ulimit -u 1024")));
  EXPECT_THAT(CheckLimits({100, 100}),
              ElementsAre(FailsOn("open files: at most 100"), FailsOn("processes: at most 100")));
}

TEST(LimitsTest, TheLimitsOfThisProcessAreRead) {
  rlimit files{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  EXPECT_EQ(ReadLimits().open_files, files.rlim_max);
}

}  // namespace
}  // namespace millstream::deploy
