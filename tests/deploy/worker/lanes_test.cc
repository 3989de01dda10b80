#include "deploy/worker/lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace millstream::deploy {
namespace {

TEST(LanesTest, ATaskThatWaitsHoldsUpItsLaneAlone) {
  std::vector<int> order;
  {
    Lanes lanes;
    std::promise<void> release;
    std::promise<void> other_ran;
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
  Lanes lanes;
  for (int i = 0; i < 100; ++i) {
    std::promise<void> ran;
    lanes.Run("a", [&] { ran.set_value(); });
    ran.get_future().wait();
  }
}

}  // namespace
}  // namespace millstream::deploy
