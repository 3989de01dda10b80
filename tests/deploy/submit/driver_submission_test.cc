#include "deploy/submit/driver_submission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "common/rpc/cluster_server.h"
#include "tests/support/credentials.h"

namespace millstream::deploy {
namespace {

using security::Role;
using testing::HasSubstr;

TEST(DriverSubmissionTest, AMasterOfAnotherSecretIsNotWaitedFor) {
  const auto server = *rpc::ClusterServer::Listen(*test::NewClusterSecret().Issue({Role::kMaster, ""}), {});
  std::atomic<bool> done = false;
  std::thread loop([&] {
    while (!done) server->Wait(std::chrono::steady_clock::now() + std::chrono::minutes(1));
  });
  DriverSubmission submission{
      .access = {{server->address()}, *test::NewClusterSecret().Issue({Role::kSubmitter, ""})},
      .patience = std::chrono::hours(1),
      .program = {},
      .request = {}};
  const absl::Status end = AwaitDriver(submission, "driver-1").status();
  EXPECT_EQ(end.code(), absl::StatusCode::kUnauthenticated) << end;
  EXPECT_THAT(std::string(end.message()), HasSubstr("driver-1"));
  done = true;
  server->Wake();
  loop.join();
}

}  // namespace
}  // namespace millstream::deploy
