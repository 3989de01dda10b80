#ifndef MILLSTREAM_TESTS_SUPPORT_STREAMING_FIXTURE_H_
#define MILLSTREAM_TESTS_SUPPORT_STREAMING_FIXTURE_H_

#include <gtest/gtest.h>
#include <millstream/streaming.h>
#include <millstream/testing.h>

#include <chrono>
#include <memory>

#include "tests/support/event.h"
#include "tests/support/mini_cluster.h"

namespace millstream::test {

// Batches of a second on a driver and executors in one process, on a manual clock.
class StreamingFixture : public ::testing::Test {
 protected:
  // While what the test's own functions refer to is still there.
  void TearDown() override {
    ssc_.reset();
    context_.reset();
    cluster_.reset();
  }

  void MakeCluster(const MiniClusterOptions& options) { cluster_ = std::make_unique<MiniCluster>(options); }
  // On the cluster that was made: what the test builds its streams on.
  void StartCluster(Config config = {}) {
    ASSERT_TRUE(cluster_->Start().ok());
    context_ = cluster_->MakeContext(config.Set("millstream.streaming.blockInterval", "10ms")
                                         .Set("millstream.streaming.receiverRestartDelay", "5ms"));
    ssc_ = std::make_unique<StreamingContext>(*context_, kInterval, clock_);
  }

  void StartStreaming() {
    const absl::Status status = ssc_->Start();
    ASSERT_TRUE(status.ok()) << status;
  }
  // One more batch, until the test has told of its end by batches_.
  void RunBatch() {
    const int64_t before = batches_.count();
    clock_.AdvanceBy(kInterval);
    ASSERT_TRUE(batches_.Await(before + 1))
        << ssc_->AwaitTerminationOrTimeout(std::chrono::milliseconds(0)).status();
  }
  absl::Status StopGracefully() { return ssc_->Stop({.stop_context = false, .graceful = true}); }

  static constexpr std::chrono::milliseconds kInterval{1000};

  testing::ManualClock clock_;
  std::unique_ptr<MiniCluster> cluster_;
  std::unique_ptr<Context> context_;
  std::unique_ptr<StreamingContext> ssc_;
  Event batches_;
};

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_STREAMING_FIXTURE_H_
