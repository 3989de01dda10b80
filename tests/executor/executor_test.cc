#include "executor/executor.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/executor/support/int_kernels.h"
#include "tests/executor/support/test_cluster.h"

namespace millstream::executor {
namespace {

TEST(ExecutorTest, SaysHelloFirstAndBeatsAsOftenAsItIsTold) {
  TestCluster cluster({.cores = 3, .memory_bytes = size_t{5} << 20});
  proto::ToExecutor welcome;
  welcome.add_commands()->mutable_welcome()->set_heartbeat_ms(1);
  cluster.Send(0, welcome);
  ASSERT_TRUE(cluster.WaitFor([](const TestCluster::Messages& said) {
    int beats = 0;
    for (const auto& message : said) beats += message->has_heartbeat();
    return beats >= 3;
  }));
  const proto::Hello& hello = cluster.messages().front()->hello();
  EXPECT_EQ(hello.cores(), 3u);
  EXPECT_EQ(hello.memory_bytes(), uint64_t{5} << 20);
  EXPECT_NE(hello.pid(), 0u);
}

TEST(ExecutorTest, StatusesOfShortTasksTravelTogether) {
  TestCluster cluster({.cores = 1});
  PlanBuilder plan;
  plan.Narrow("Map", kAddInts, IntState(0), {}, 512);
  cluster.Install(0, "p", plan.ToResult());
  const size_t before = cluster.messages().size();
  EXPECT_EQ(cluster.Run(0, MakeLaunch("p", 1, 512)).size(), 512u);
  EXPECT_LT(cluster.messages().size() - before, 512u);
}

TEST(ExecutorTest, ShortTasksAreNotHeldBackByALongOneThatFollows) {
  TestCluster cluster({.cores = 1});
  ResetGate();
  PlanBuilder quick;
  quick.Narrow("Map", kAddInts, IntState(0), {}, 1);
  PlanBuilder slow;
  slow.Narrow("Map", kGate, "", {slow.Narrow("Map", kAddInts, IntState(0), {}, 1)}, 1);
  cluster.Install(0, "quick", quick.ToResult());
  cluster.Install(0, "slow", slow.ToResult());
  proto::ToExecutor both;
  *both.add_commands()->mutable_launch() = MakeLaunch("quick", 1, 1);
  *both.add_commands()->mutable_launch() = MakeLaunch("slow", 2, 1);
  cluster.Send(0, both);
  EXPECT_TRUE(cluster.WaitFor([](const TestCluster::Messages& said) {
    return said.back()->statuses_size() == 1 && said.back()->statuses(0).stage_run() == 1;
  }));
  ReleaseGate();
}

TEST(ExecutorTest, LeavesNothingInItsLocalDirectory) {
  TestCluster cluster({.executors = 2});
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(cluster.local_dir()),
                          std::filesystem::directory_iterator()),
            2);
  cluster.StopExecutor(0);
  cluster.StopExecutor(1);
  EXPECT_TRUE(std::filesystem::is_empty(cluster.local_dir()));
}

TEST(ExecutorTest, StopsWhileTasksWait) {
  TestCluster cluster({.cores = 1});
  PlanBuilder plan;
  plan.Narrow("Map", kAddInts, IntState(0), {}, 1000);
  cluster.Install(0, "p", plan.ToResult());
  for (uint64_t run = 0; run < 20; ++run) {
    proto::ToExecutor message;
    *message.add_commands()->mutable_launch() = MakeLaunch("p", run, 1000);
    cluster.Send(0, message);
  }
  cluster.StopExecutor(0);
}

TEST(ExecutorTest, NeedsACore) {
  rpc::InMemoryBlockTransport transport;
  ExecutorOptions options;
  options.cores = 0;
  EXPECT_FALSE(Executor::Create(options, transport, [](auto, auto) {}).ok());
}

}  // namespace
}  // namespace millstream::executor
