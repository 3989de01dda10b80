// Reports of receivers that come a second time, late.
#include <gtest/gtest.h>

#include "tests/driver/batches/batch_harness.h"

namespace millstream::driver {
namespace {

// Batches of one stream whose receiver begins on the first of two executors.
class RepeatedReports : public testing::Test {
 protected:
  RepeatedReports() {
    batches_.Join(0, 2);
    batches_.Join(1, 2);
    batches_.Start(0);
  }
  void Report() { batches_.Report(0, 0, {0, 1}); }

  BatchHarness batches_{Request(1)};
};

TEST_F(RepeatedReports, ABlockThatWasCountedAndForgottenIsNotCountedAgain) {
  Report();
  batches_.Tick(1000);
  EXPECT_EQ(batches_.BlocksOf(0).size(), 1u);
  batches_.Finish();
  Report();
  batches_.Tick(2000);
  EXPECT_TRUE(batches_.BlocksOf(0).empty());
  EXPECT_EQ(batches_.scheduler().kept_blocks(), 0u);
}

TEST_F(RepeatedReports, ABlockThatABatchWillReadIsNotDroppedBecauseItsReceiverStartedAnew) {
  Report();
  batches_.Stopped();
  batches_.Tick(1000);  // and the receiver has its second epoch
  EXPECT_EQ(batches_.BlocksOf(0).size(), 1u);
  batches_.sent.clear();
  Report();
  EXPECT_TRUE(batches_.sent.empty());
  EXPECT_EQ(batches_.scheduler().kept_blocks(), 1u);
}

}  // namespace
}  // namespace millstream::driver
