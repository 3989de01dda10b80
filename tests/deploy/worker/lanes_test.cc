#include "deploy/worker/lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <future>
#include <vector>

namespace millstream::deploy {
namespace {

TEST(LanesTest, ATaskThatWaitsHoldsUpItsLaneAlone) {
  std::vector<int> order;
  std::promise<void> release;
  std::promise<void> other_ran;
  {
    Lanes lanes;
    lanes.Run("a", [&] {
      release.get_future().wait();
      order.push_back(1);
    });
    lanes.Run("a", [&] { order.push_back(2); });
    lanes.Run("b", [&] { other_ran.set_value(); });
    other_ran.get_future().wait();
    EXPECT_THAT(order, testing::IsEmpty());
    release.set_value();
  }
  EXPECT_THAT(order, testing::ElementsAre(1, 2));
}

TEST(LanesTest, ALaneThatRanEmptyRunsAgain) {
  std::array<std::promise<void>, 100> runs;
  Lanes lanes;
  for (std::promise<void>& ran : runs) {
    lanes.Run("a", [&ran] { ran.set_value(); });
    ran.get_future().wait();
  }
}

}  // namespace
}  // namespace millstream::deploy
