// What the driver says to receivers, and hears of them.
#include <gtest/gtest.h>

#include "driver/driver.h"
#include "tests/driver/hand_clock.h"
#include "tests/driver/played_executors.h"

namespace millstream::driver {
namespace {

constexpr std::chrono::milliseconds kLong{20'000};

TEST(DriverReceivers, AReceiverStartsOnTheHostItPrefersAndHearsThatItsBlocksAreKnown) {
  PlayedExecutors executors;
  HandClock clock(0);
  DriverOptions options;
  options.executors = 3;
  options.build_id = executors.build_id;
  Driver driver(options, executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  StreamingRequest request;
  request.clock = &clock;
  request.run_batch = [](const auto&) { return absl::OkStatus(); };
  request.receivers.push_back({.builtin = "socket_text",
                               .label = "SocketTextStream h:1",
                               .preferred_host = PlayedExecutors::HostOf(ExecutorId{2})});
  ASSERT_TRUE(driver.StartStreaming(request).ok());
  EXPECT_EQ(executors.AwaitCommand([](const auto& command) { return command.has_start_receiver(); }),
            ExecutorId{2});
  proto::FromExecutor question;
  question.add_receivers()->set_epoch(1);
  question.mutable_receivers(0)->set_kind(proto::ReceiverEvent::STORED);
  executors.Send(ExecutorId{2}, question);
  EXPECT_EQ(executors.AwaitCommand([](const auto& command) { return command.receiver_stored().accepted(); }),
            ExecutorId{2});
  EXPECT_TRUE(driver.StopStreaming(true).ok());
}

}  // namespace
}  // namespace millstream::driver
