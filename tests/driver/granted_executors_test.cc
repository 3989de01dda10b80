// A driver whose executors somebody else grants.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "driver/driver.h"
#include "tests/driver/jobs/lineage.h"
#include "tests/driver/played_executors.h"

namespace millstream::driver {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr milliseconds kLong{20'000};

class GrantedExecutorsTest : public testing::Test {
 protected:
  static DriverOptions Options() {
    DriverOptions options;
    options.executors = 0;
    options.build_id = "build";
    options.grant_timeout = milliseconds(20);
    options.most_cores = 2;
    return options;
  }

  void SetUp() override {
    executors_.cores = 2;
    ASSERT_TRUE(driver_.Start(kLong).ok());
  }

  absl::StatusOr<JobResult> Collect() {
    return driver_.RunJob({.root = Range(1), .partitions = {0}, .operation = "Collect"});
  }
  static std::string TextOf(const absl::StatusOr<JobResult>& result) {
    return result.ok() ? std::string(result->partitions[0][0].view) : std::string(result.status().message());
  }
  absl::Status StartStreaming(int receivers) {
    StreamingRequest request;
    request.interval = milliseconds(100);
    request.receivers.resize(static_cast<size_t>(receivers));
    return driver_.StartStreaming(std::move(request));
  }

  PlayedExecutors executors_;
  Driver driver_{Options(), executors_.endpoint, executors_, executors_.blocks};
};

TEST_F(GrantedExecutorsTest, AJobWaitsForAnExecutorToBeGranted) {
  EXPECT_EQ(driver_.total_cores(), 0);
  auto result = std::async(std::launch::async, [this] { return Collect(); });
  driver_.OnExecutorGranted(ExecutorId{7});
  EXPECT_EQ(TextOf(result.get()), "7:0");
  EXPECT_EQ(driver_.total_cores(), 2);
}

TEST_F(GrantedExecutorsTest, ALostOneIsNotReplacedUntilAnotherIsGranted) {
  driver_.OnExecutorGranted(ExecutorId{0});
  ASSERT_TRUE(driver_.AwaitCores(2, kLong).ok());
  driver_.OnExecutorExited(ExecutorId{0}, "exited with code 1");
  ASSERT_TRUE(executors_.AwaitKill(ExecutorId{0}));
  auto result = std::async(std::launch::async, [this] { return Collect(); });
  driver_.OnExecutorGranted(ExecutorId{5});
  EXPECT_EQ(TextOf(result.get()), "5:0");
  EXPECT_EQ(driver_.total_cores(), 2);  // as many as there have been
}

TEST_F(GrantedExecutorsTest, CoresThatAreNotGrantedAreNamed) {
  const absl::Status status = driver_.AwaitCores(3, milliseconds(20));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("0 of 3 cores"));
}

TEST_F(GrantedExecutorsTest, StreamingWaitsForACoreMoreThanItHasReceivers) {
  EXPECT_EQ(StartStreaming(1).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(StartStreaming(2).code(), absl::StatusCode::kResourceExhausted);  // can never be granted
}

TEST_F(GrantedExecutorsTest, AFailureFromOutsideEndsWhatWaits) {
  auto cores = std::async(std::launch::async, [this] { return driver_.AwaitCores(1, kLong); });
  auto result = std::async(std::launch::async, [this] { return Collect(); });
  driver_.Fail(absl::CancelledError("killed by request"));
  EXPECT_EQ(cores.get().message(), "killed by request");
  EXPECT_THAT(TextOf(result.get()), HasSubstr("killed by request"));
}

}  // namespace
}  // namespace millstream::driver
