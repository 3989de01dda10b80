// How the batch scheduler places receivers and what it makes of what they say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/batches/receiver_placement.h"
#include "tests/driver/batches/batch_harness.h"

namespace millstream::driver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(BatchScheduler, ReceiversSpreadAndKnowWhereCopiesMayGo) {
  BatchHarness batches(Request(2));
  batches.Join(0, 2);
  batches.Join(1, 2);
  batches.Start(0);
  const auto starts = batches.Take(Command::kStartReceiver);
  ASSERT_EQ(starts.size(), 2u);
  EXPECT_EQ(starts[0].executor, ExecutorId{0});
  EXPECT_EQ(starts[1].executor, ExecutorId{1});
  EXPECT_EQ(starts[0].command.start_receiver().epoch(), 1u);
  EXPECT_THAT(starts[0].command.start_receiver().replica_peers(), ElementsAre(1u));
  EXPECT_THAT(starts[1].command.start_receiver().replica_peers(), ElementsAre(0u));
  ASSERT_EQ(batches.reserved.size(), 2u);
  EXPECT_EQ(batches.reserved[0].cores, 1);
}

TEST(BatchScheduler, AReceiverStartsOnAnExecutorOfTheHostItPrefersBeforeTheOthersChoose) {
  plan::StreamingRequest request = Request(3);
  request.receivers[2].preferred_host = "mill";
  BatchHarness batches(request);
  batches.Join(0, 2, "river");
  batches.Join(1, 2, "mill");
  batches.Join(2, 2, "weir");
  batches.Start(0);
  const auto starts = batches.Take(Command::kStartReceiver);
  ASSERT_EQ(starts.size(), 3u);
  EXPECT_EQ(starts[0].executor, ExecutorId{1});
  EXPECT_EQ(starts[0].command.start_receiver().stream(), 2u);
  EXPECT_EQ(starts[1].executor, ExecutorId{0});
  EXPECT_EQ(starts[2].executor, ExecutorId{2});
}

TEST(BatchScheduler, TheRateLimitTravelsWithTheReceiverAndNoneIsNoLimit) {
  for (const int64_t rate : {int64_t{500}, int64_t{0}, int64_t{-1}}) {
    plan::StreamingRequest request = Request(1);
    request.receiver_max_rate = rate;
    BatchHarness batches(request);
    batches.Join(0, 2);
    batches.Start(0);
    const auto starts = batches.Take(Command::kStartReceiver);
    EXPECT_EQ(starts.at(0).command.start_receiver().max_rate(), rate > 0 ? 500u : 0u);
  }
}

TEST(BatchScheduler, AReceiverThatAsksIsToldWhetherItsBlocksWillBeRead) {
  BatchHarness batches(Request(1));
  batches.Join(0, 2);
  batches.Join(1, 2);
  batches.Start(0);
  batches.Report(0, 0, {0, 1});
  batches.AskStored(0);
  EXPECT_THAT(batches.Answers(), ElementsAre(true));
  batches.AskStored(1);
  batches.AskStored(0, 0, /*epoch=*/2);
  batches.AskStored(0, /*stream=*/9);
  EXPECT_THAT(batches.Answers(), ElementsAre(false, false, false));
  batches.Handle(StopRequested{true});
  batches.Report(0, 1, {0, 1});
  batches.AskStored(0);
  EXPECT_THAT(batches.Answers(), ElementsAre(true)) << "a graceful stop takes what still comes";
  batches.Handle(ReceiversOverdue{});
  batches.AskStored(0);
  EXPECT_THAT(batches.Answers(), ElementsAre(false));
}

TEST(BatchScheduler, AReceiverMovesWithTheNextEpochWhenItsExecutorIsLost) {
  BatchHarness batches(Request(1));
  batches.Join(0);
  batches.Join(1, 2);
  batches.Start(0);
  ASSERT_EQ(batches.Take(Command::kStartReceiver)[0].executor, ExecutorId{1});
  batches.Lose(1);
  // The core that is left is for tasks.
  EXPECT_THAT(batches.Take(Command::kStartReceiver), IsEmpty());
  batches.Join(2, 2);
  const auto starts = batches.Take(Command::kStartReceiver);
  ASSERT_EQ(starts.size(), 1u);
  EXPECT_EQ(starts[0].executor, ExecutorId{2});
  EXPECT_EQ(starts[0].command.start_receiver().epoch(), 2u);
}

TEST(BatchScheduler, WhatAnEarlierEpochReportsIsDropped) {
  BatchHarness batches(Request(1));
  batches.Join(0, 2);
  batches.Join(1, 2);
  batches.Start(0);
  batches.Lose(0);
  batches.Report(1, 5, {1}, 0, /*epoch=*/1);
  EXPECT_EQ(batches.Take(Command::kDrop).size(), 1u);
  batches.Tick(1000);
  EXPECT_THAT(batches.BlocksOf(0), IsEmpty());
}

TEST(BatchScheduler, AReceiverThatEndsByItselfStartsAnewAtTheNextTick) {
  BatchHarness batches(Request(1));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Take(Command::kStartReceiver);
  batches.Stopped();
  batches.Tick(1000);
  ASSERT_EQ(batches.Take(Command::kStartReceiver).size(), 1u);
}

TEST(BatchScheduler, WhatAReceiverComplainsOfIsLoggedWithItsName) {
  BatchHarness batches(Request(1));
  batches.Join(0, 2);
  batches.Start(0);
  batches.Handle(ReceiverReported{StreamId{0}, 1, ReceiverReported::Kind::kError, "connection refused"});
  EXPECT_THAT(batches.log, ElementsAre("socket 0: connection refused"));
}

TEST(ReceiverPlacement, SpreadsAndLeavesACoreForTasks) {
  EXPECT_EQ(PlaceReceiver({{ExecutorId{0}, 2, 1}, {ExecutorId{1}, 2, 0}}, ""), ExecutorId{1});
  EXPECT_EQ(PlaceReceiver({{ExecutorId{0}, 1, 0}, {ExecutorId{1}, 4, 0}}, ""), ExecutorId{1});
  EXPECT_EQ(PlaceReceiver({{ExecutorId{0}, 1, 0}, {ExecutorId{1}, 1, 0}}, ""), ExecutorId{0});
  EXPECT_EQ(PlaceReceiver({{ExecutorId{0}, 1, 0}}, ""), std::nullopt);
  EXPECT_EQ(PlaceReceiver({{ExecutorId{0}, 1, 1}, {ExecutorId{1}, 1, 0}}, ""), std::nullopt);
  EXPECT_EQ(PlaceReceiver({}, ""), std::nullopt);
}

TEST(ReceiverPlacement, PrefersAHostWithAFreeCoreAndElseSpreads) {
  const ReceiverLoad busy{ExecutorId{0}, 4, 3, "mill"}, idle{ExecutorId{1}, 4, 0, "river"},
      full{ExecutorId{2}, 1, 1, "weir"};
  EXPECT_EQ(PlaceReceiver({busy, idle, full}, "mill"), ExecutorId{0});
  EXPECT_EQ(PlaceReceiver({busy, idle, full}, "weir"), ExecutorId{1});
  EXPECT_EQ(PlaceReceiver({busy, idle, full}, "nowhere"), ExecutorId{1});
  EXPECT_EQ(PlaceReceiver({busy, idle, {ExecutorId{3}, 2, 0, "mill"}}, "mill"), ExecutorId{3});
  EXPECT_EQ(PlaceReceiver({{ExecutorId{0}, 1, 0, "mill"}}, "mill"), std::nullopt);
}

}  // namespace
}  // namespace millstream::driver
