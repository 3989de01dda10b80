// Who is the driver's loop.
#include "driver/core.h"

#include <gtest/gtest.h>

#include <thread>

#include "driver/driver.h"
#include "tests/driver/jobs/lineage.h"
#include "tests/driver/played_executors.h"

namespace millstream::driver {
namespace {

constexpr std::chrono::seconds kLong{20};

// While the loop sleeps, which it does most of the time.
TEST(DriverCore, AThreadThatRunsAJobLaunchesItsTasksItself) {
  PlayedExecutors executors;
  std::thread::id launched_by;
  executors.play = [&](ExecutorId, const proto::Launch&, proto::TaskStatus&) {
    launched_by = std::this_thread::get_id();
    return true;
  };
  DriverOptions options;
  options.build_id = "build";
  Driver driver(std::move(options), executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  const auto end = std::chrono::steady_clock::now() + kLong;
  while (launched_by != std::this_thread::get_id() && std::chrono::steady_clock::now() < end) {
    ASSERT_TRUE(driver.RunJob({.root = Map(Range(1)), .partitions = {0}, .operation = "Collect"}).ok());
  }
  EXPECT_EQ(launched_by, std::this_thread::get_id());
}

TEST(DriverCore, AJobAfterTheEndIsCancelledOnAnyThread) {
  PlayedExecutors executors;
  DriverOptions options;
  options.build_id = "build";
  Driver driver(std::move(options), executors.endpoint, executors, executors.blocks);
  ASSERT_TRUE(driver.Start(kLong).ok());
  driver.Stop();
  const auto result = driver.RunJob({.root = Map(Range(1)), .partitions = {0}, .operation = "Collect"});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace millstream::driver
