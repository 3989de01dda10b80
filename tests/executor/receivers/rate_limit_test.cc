#include "executor/receivers/rate_limit.h"

#include <gtest/gtest.h>

namespace millstream::executor {
namespace {

using namespace std::chrono_literals;
using Time = RateLimit::Time;

TEST(RateLimit, RowsThatAreInAHurryAreLetInInEqualSteps) {
  const Time start{};
  RateLimit limit(1000, start);
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(limit.Take(start), start + i * 1ms);
}

TEST(RateLimit, ALateRowIsLetInAtOnce) {
  const Time start{};
  RateLimit limit(10, start);
  EXPECT_EQ(limit.Take(start + 70ms), start + 70ms);
}

TEST(RateLimit, WhatNobodyTookMayBeTakenLaterUpToASecondsWorth) {
  const Time start{};
  RateLimit limit(100, start);
  const Time now = start + 1h;
  for (int i = 0; i <= 100; ++i) EXPECT_EQ(limit.Take(now), now) << i;
  EXPECT_EQ(limit.Take(now), now + 10ms);
}

TEST(RateLimit, AtNoTimeWereMoreLetInThanTheRateAllows) {
  const Time start{};
  for (const uint64_t rate : {1, 3, 7, 1000, 7777, 1'000'000}) {
    RateLimit limit(rate, start);
    Time now = start;
    for (uint64_t taken = 0; taken < 20'000; ++taken) {
      now = limit.Take(now);
      const double seconds = std::chrono::duration<double>(now - start).count();
      ASSERT_LE(static_cast<double>(taken), seconds * static_cast<double>(rate) + 1e-6) << rate;
    }
  }
}

}  // namespace
}  // namespace millstream::executor
