// RDDs that are kept: where their partitions are, and what losing one costs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/jobs/job_scheduler.h"
#include "tests/driver/jobs/job_harness.h"

namespace millstream::driver {
namespace {

using Command = proto::ToExecutor::Command;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What a task reports that kept a partition, and who has it.
void AddKept(const plan::Node& node, int partition, const std::vector<uint32_t>& executors,
             proto::TaskStatus& status) {
  proto::KeptPartition& kept = *status.add_kept();
  kept.set_rdd(node.id);
  kept.set_partition(static_cast<uint32_t>(partition));
  for (const uint32_t executor : executors) kept.add_executors(executor);
}

TEST(KeptPartitions, KeptPartitionsCutTheLineage) {
  JobHarness jobs;
  jobs.Join(0);
  jobs.Join(1);
  const auto reduce = ReduceByKey(Range(2), 2);
  const auto kept = Map(reduce);
  kept->storage = StorageLevel::kMemoryOnly;
  jobs.Submit(kept);
  jobs.FinishRound();
  for (int p = 0; p < 2; ++p) {
    const auto task = jobs.TakeTask(p);
    EXPECT_EQ(task.launch.caches(0).rdd(), kept->id);
    proto::TaskStatus status = jobs.StatusOf(task);
    AddKept(*kept, p, {task.executor}, status);
    jobs.Report(task.executor, status);
  }
  jobs.Handle(NodeUnused{reduce->id});
  const JobId second = jobs.Submit(Map(kept));
  ASSERT_EQ(jobs.tasks().size(), 2u);
  EXPECT_FALSE(jobs.tasks()[0].IsMap());
  // Each where its partition is kept.
  EXPECT_THAT(jobs.PartitionsOn(0), ElementsAre(0));
  EXPECT_THAT(jobs.PartitionsOn(1), ElementsAre(1));
  jobs.FinishAll();
  EXPECT_NE(jobs.ResultOf(second), std::nullopt);
}

TEST(KeptPartitions, AKeptPartitionThatTurnsOutToBeGoneIsComputedAgain) {
  JobHarness jobs;
  jobs.Join(0);
  const auto reduce = ReduceByKey(Range(1), 1);
  const auto kept = Map(reduce);
  kept->storage = StorageLevel::kMemoryOnly;
  jobs.Submit(kept);
  jobs.Done(0);
  const auto task = jobs.TakeTask(0);
  proto::TaskStatus status = jobs.StatusOf(task);
  AddKept(*kept, 0, {0}, status);
  jobs.Report(0, status);
  jobs.Handle(NodeUnused{reduce->id});
  const JobId second = jobs.Submit(Map(kept));
  jobs.CannotFetch(0, reduce->id, 0xffffffff);
  ASSERT_EQ(jobs.tasks().size(), 1u);
  EXPECT_TRUE(jobs.tasks()[0].IsMap());
  jobs.FinishAll();
  EXPECT_NE(jobs.ResultOf(second), std::nullopt);
}

TEST(KeptPartitions, UnpersistDropsKeptPartitionsWhereTheyAre) {
  JobHarness jobs;
  jobs.Join(0);
  jobs.Join(1);
  const auto kept = Range(1);
  kept->storage = StorageLevel::kMemoryOnly;
  jobs.Submit(kept);
  const auto task = jobs.TakeTask(0);
  proto::TaskStatus status = jobs.StatusOf(task);
  AddKept(*kept, 0, {0}, status);
  jobs.Report(0, status);
  jobs.ClearSent();
  jobs.Handle(RddUnpersisted{kept->id});
  ASSERT_EQ(jobs.sent().size(), 1u);
  EXPECT_EQ(jobs.sent()[0].executor, ExecutorId{0});
  EXPECT_THAT(jobs.sent()[0].command.drop().rdds(), ElementsAre(kept->id));
}

TEST(KeptPartitions, TheCopyOfAKeptPartitionServesWhenItsExecutorIsLost) {
  JobHarness jobs;
  for (uint32_t e = 0; e < 3; ++e) jobs.Join(e);
  const auto reduce = ReduceByKey(Range(1), 1);
  const auto kept = Map(reduce);
  kept->storage = StorageLevel::kMemoryOnly2;
  jobs.Submit(kept);
  jobs.Done(0);
  const auto task = jobs.TakeTask(0);
  ASSERT_EQ(task.executor, 0u);
  EXPECT_THAT(task.launch.caches(0).replica_peers(), ElementsAre(1u, 2u));
  proto::TaskStatus status = jobs.StatusOf(task);
  AddKept(*kept, 0, {0, 2}, status);
  jobs.Report(0, status);
  jobs.Lose(0);
  jobs.Submit(Map(kept));
  ASSERT_EQ(jobs.tasks().size(), 1u);
  EXPECT_FALSE(jobs.tasks()[0].IsMap());
  EXPECT_EQ(jobs.tasks()[0].executor, 2u);
  jobs.FinishAll();

  jobs.ClearSent();
  jobs.Handle(RddUnpersisted{kept->id});
  std::set<ExecutorId> told;
  for (const SendCommand& sent : jobs.sent()) {
    EXPECT_THAT(sent.command.drop().rdds(), ElementsAre(kept->id));
    told.insert(sent.executor);
  }
  EXPECT_TRUE(told.contains(ExecutorId{2}));
}

TEST(KeptPartitions, ALevelOfOneCopyNamesNoPeers) {
  JobHarness jobs;
  jobs.Join(0);
  jobs.Join(1);
  const auto kept = Range(1);
  kept->storage = StorageLevel::kMemoryAndDisk;
  jobs.Submit(kept);
  EXPECT_THAT(jobs.tasks()[0].launch.caches(0).replica_peers(), IsEmpty());
}

}  // namespace
}  // namespace millstream::driver
