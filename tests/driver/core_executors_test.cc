// How executors come, are heard of, and go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "driver/core.h"
#include "driver/driver.h"
#include "tests/driver/played_executors.h"

namespace millstream::driver {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

TEST(DriverCoreExecutors, OneThatDoesNotStartIsToldAsThat) {
  PlayedExecutors executors;
  executors.silent = true;
  DriverOptions options;
  options.network_timeout = milliseconds(100);
  options.start_timeout = milliseconds(200);
  Driver driver(std::move(options), executors.endpoint, executors, executors.blocks);
  auto started = std::async(std::launch::async, [&] { return driver.Start(std::chrono::seconds(20)); });
  for (uint32_t i = 0; i < 9; ++i) {
    ASSERT_TRUE(executors.AwaitLaunch(ExecutorId{i}));
    driver.OnExecutorExited(ExecutorId{i}, "exited with code 1");
  }
  EXPECT_THAT(std::string(started.get().message()), HasSubstr("executor 9 did not start in 200 ms"));
}

}  // namespace
}  // namespace millstream::driver
