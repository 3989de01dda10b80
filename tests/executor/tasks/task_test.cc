// Tasks of an executor over collections, shuffles and kept RDDs, as the driver sees them.
#include <gtest/gtest.h>

#include <numeric>

#include "tests/executor/support/int_kernels.h"
#include "tests/executor/support/test_cluster.h"

namespace millstream::executor {
namespace {

std::vector<int64_t> Ints(int64_t first, int64_t count) {
  std::vector<int64_t> rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), first);
  return rows;
}

std::string FailureOf(const proto::TaskStatus& status) {
  const proto::TaskFailure& failure = status.failure();
  return proto::TaskFailure::Kind_Name(failure.kind()) + " " + failure.operation() + " " + failure.type() +
         ": " + failure.message();
}

exec::Slices ResultOf(TestCluster& cluster, const proto::TaskStatus& status) {
  return *cluster.executor(0).blocks().Get(
      {plan::BlockId::Kind::kResult, status.stage_run(), status.partition(), status.attempt()});
}

// Parallelize (2 partitions) -> `kernel`.
proto::StagePlan OneKernel(const std::string& operation, const exec::KernelDescriptor& kernel,
                           const std::string& state) {
  PlanBuilder plan;
  plan.Narrow(operation, kernel, state, {plan.Blocks(2)}, 2);
  return plan.ToResult();
}

TEST(TaskTest, AChainOfKernelsGivesItsFewRowsInTheStatus) {
  TestCluster cluster;
  cluster.AddCollection(9, 0, EncodeInts({1, 2}));
  cluster.AddCollection(9, 1, EncodeInts({3}));
  cluster.Install(0, "p", OneKernel("Map", kAddInts, IntState(10)));
  proto::Launch launch = MakeLaunch("p", 1, 2);
  AddCollectionInput(launch, 9, 2);
  const std::vector<proto::TaskStatus> statuses = cluster.Run(0, launch);
  ASSERT_EQ(statuses.size(), 2u);
  EXPECT_FALSE(statuses[0].has_failure()) << FailureOf(statuses[0]);
  EXPECT_EQ(DecodeInts(statuses[0].result()), (std::vector<int64_t>{11, 12}));
  EXPECT_EQ(DecodeInts(statuses[1].result()), (std::vector<int64_t>{13}));
  EXPECT_GT(statuses[0].run_ns(), 0u);
}

TEST(TaskTest, ManyRowsAreStoredForTheDriverToFetch) {
  TestCluster cluster;
  cluster.AddCollection(9, 0, EncodeInts(Ints(0, 100'000)));
  cluster.Install(0, "p", OneKernel("Map", kAddInts, IntState(1)));
  proto::Launch launch = MakeLaunch("p", 1, 1);
  AddCollectionInput(launch, 9, 1);
  const std::vector<proto::TaskStatus> statuses = cluster.Run(0, launch);
  ASSERT_TRUE(statuses[0].result_stored());
  EXPECT_EQ(DecodeInts(ResultOf(cluster, statuses[0])), Ints(1, 100'000));
  proto::ToExecutor drop;
  drop.add_commands()->mutable_drop()->add_stage_runs(1);
  cluster.Send(0, drop);
  EXPECT_FALSE(cluster.executor(0).blocks().Get({plan::BlockId::Kind::kResult, 1, 0, 0}).ok());
}

TEST(TaskTest, UnionAndCoalesceReadTheirParentsPartitionsInOrder) {
  TestCluster cluster;
  for (uint64_t p = 0; p < 3; ++p) cluster.AddCollection(1, p, EncodeInts({static_cast<int64_t>(p)}));
  for (uint64_t p = 0; p < 2; ++p) cluster.AddCollection(2, p, EncodeInts({10 + static_cast<int64_t>(p)}));
  PlanBuilder plan;
  const int a = plan.Blocks(3, 0), b = plan.Blocks(2, 1);
  const int both = plan.Narrow("Union", kAddInts, IntState(0), {a, b}, 5);
  proto::PlanNode* node = plan.plan().mutable_nodes(both);
  node->mutable_parents(0)->set_mapping(proto::Dependency::UNION);
  node->mutable_parents(1)->set_mapping(proto::Dependency::UNION);
  node->mutable_parents(1)->set_first(3);
  const int two = plan.Narrow("Coalesce", kAddInts, IntState(0), {both}, 2);
  plan.plan().mutable_nodes(two)->mutable_parents(0)->set_mapping(proto::Dependency::COALESCE);
  cluster.Install(0, "p", plan.ToResult());
  proto::Launch launch = MakeLaunch("p", 1, 2);
  AddCollectionInput(launch, 1, 3);
  AddCollectionInput(launch, 2, 2);
  const std::vector<proto::TaskStatus> statuses = cluster.Run(0, launch);
  EXPECT_EQ(DecodeInts(statuses[0].result()), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(DecodeInts(statuses[1].result()), (std::vector<int64_t>{2, 10, 11}));
}

TEST(TaskTest, APartitionThatTheLaunchDoesNotListIsEmpty) {
  TestCluster cluster;
  cluster.AddCollection(9, 0, EncodeInts({5}));
  cluster.Install(0, "p", OneKernel("Map", kAddInts, IntState(0)));
  proto::Launch launch = MakeLaunch("p", 1, 2);
  AddCollectionInput(launch, 9, 1);
  const std::vector<proto::TaskStatus> statuses = cluster.Run(0, launch);
  EXPECT_EQ(DecodeInts(statuses[1].result()), std::vector<int64_t>{});
  EXPECT_FALSE(statuses[1].has_failure());
}

TEST(TaskTest, WhatUserCodeThrowsFailsItsTaskWithTypeAndText) {
  TestCluster cluster;
  cluster.AddCollection(9, 0, EncodeInts({7}));
  cluster.AddCollection(9, 1, EncodeInts({8}));
  const auto fail = [&](char how) {
    const std::string id(1, how);
    cluster.Install(0, id, OneKernel("FlatMap", kFailAt, how + IntState(7)));
    proto::Launch launch = MakeLaunch(id, static_cast<uint64_t>(how), 2);
    AddCollectionInput(launch, 9, 2);
    const std::vector<proto::TaskStatus> statuses = cluster.Run(0, launch);
    EXPECT_FALSE(statuses[1].has_failure());
    return FailureOf(statuses[0]);
  };
  EXPECT_EQ(fail('t'), "USER FlatMap std::runtime_error: seven is not allowed");
  EXPECT_EQ(fail('i'), "USER FlatMap int: 42");
  EXPECT_EQ(fail('a'), "USER FlatMap std::bad_alloc: std::bad_alloc");
}

TEST(TaskTest, PlansThatDoNotFitFailTheirTasksNamingTheOperation) {
  TestCluster cluster;
  cluster.Install(0, "p", OneKernel("ToUpper", kTextRows, IntState(0)));
  proto::Launch launch = MakeLaunch("p", 1, 1);
  AddCollectionInput(launch, 9, 1);
  EXPECT_EQ(
      FailureOf(cluster.Run(0, launch)[0]),
      "ENGINE  : operation ToUpper: it reads other rows than Parallelize yields. Driver and executors must "
      "run the same build.");
  EXPECT_EQ(FailureOf(cluster.Run(0, MakeLaunch("q", 2, 1))[0]),
            "ENGINE  : the plan of the stage was not installed");
}

TEST(TaskTest, AnInputThatNobodyHasIsABlockFailure) {
  TestCluster cluster;
  cluster.Install(0, "p", OneKernel("Map", kAddInts, IntState(0)));
  proto::Launch launch = MakeLaunch("p", 1, 1);
  AddCollectionInput(launch, 9, 1);
  const proto::TaskStatus status = cluster.Run(0, launch)[0];
  EXPECT_EQ(status.failure().kind(), proto::TaskFailure::BLOCK);
  EXPECT_EQ(status.failure().block().a(), 9u);
}

TEST(TaskTest, TasksOfAFullExecutorWaitForItsCores) {
  TestCluster cluster(TestCluster::Options{.cores = 2});
  ResetGate();
  for (uint64_t p = 0; p < 4; ++p) cluster.AddCollection(9, p, EncodeInts({1}));
  PlanBuilder plan;
  plan.Narrow("Map", kGate, "", {plan.Blocks(4)}, 4);
  cluster.Install(0, "p", plan.ToResult());
  proto::ToExecutor message;
  proto::Launch* launch = message.add_commands()->mutable_launch();
  *launch = MakeLaunch("p", 1, 4);
  AddCollectionInput(*launch, 9, 4);
  cluster.Send(0, message);
  WaitForGateArrivals(2);
  EXPECT_EQ(GateArrivals(), 2);
  EXPECT_TRUE(cluster.statuses(1).empty());
  ReleaseGate();
  EXPECT_TRUE(cluster.WaitFor([](const TestCluster::Messages& said) {
    int count = 0;
    for (const auto& one : said) count += one->statuses_size();
    return count == 4;
  }));
}

TEST(TaskTest, ACancelledStageEndsItsTasksAsCancelled) {
  TestCluster cluster(TestCluster::Options{.cores = 1});
  ResetGate();
  for (uint64_t p = 0; p < 3; ++p) cluster.AddCollection(9, p, EncodeInts({1}));
  PlanBuilder plan;
  plan.Narrow("Map", kGate, "", {plan.Blocks(3)}, 3);
  cluster.Install(0, "p", plan.ToResult());
  proto::ToExecutor message;
  proto::Launch* launch = message.add_commands()->mutable_launch();
  *launch = MakeLaunch("p", 1, 3);
  AddCollectionInput(*launch, 9, 3);
  cluster.Send(0, message);
  WaitForGateArrivals(1);
  proto::ToExecutor cancel;
  cancel.add_commands()->mutable_cancel()->set_stage_run(1);
  cluster.Send(0, cancel);
  ReleaseGate();
  ASSERT_TRUE(cluster.WaitFor([](const TestCluster::Messages& said) {
    int count = 0;
    for (const auto& one : said) count += one->statuses_size();
    return count == 3;
  }));
  for (const proto::TaskStatus& status : cluster.statuses(1)) {
    EXPECT_EQ(status.failure().kind(), proto::TaskFailure::CANCELLED);
  }
}

}  // namespace
}  // namespace millstream::executor
