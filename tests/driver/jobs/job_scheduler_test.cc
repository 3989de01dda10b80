#include "driver/jobs/job_scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/driver/jobs/job_harness.h"

namespace millstream::driver {
namespace {

using Command = proto::ToExecutor::Command;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::StartsWith;

TEST(JobScheduler, OneStageRunsOncePerPartitionAndYieldsRowsInTheOrderAsked) {
  JobHarness jobs;
  jobs.Join(0, 2);
  const JobId job = jobs.Submit(Map(Range(4)), {2, 0});
  EXPECT_THAT(jobs.PartitionsOn(0), ElementsAre(0, 2));
  jobs.Done(0);
  EXPECT_EQ(jobs.ResultOf(job), std::nullopt);
  jobs.Done(2);
  EXPECT_THAT(jobs.ResultOf(job), Optional(std::string("row2,row0")));
  EXPECT_EQ(jobs.scheduler().jobs(), 0u);
}

TEST(JobScheduler, ReducersStartWhenTheLastMapIsDoneAndKnowWhereEachMapIs) {
  JobHarness jobs;
  jobs.Join(0);
  jobs.Join(1);
  const auto reduce = ReduceByKey(Map(Range(2)), 3);
  const JobId job = jobs.Submit(reduce);
  ASSERT_EQ(jobs.tasks().size(), 2u);
  EXPECT_EQ(jobs.tasks()[0].launch.shuffle(), reduce->id);
  EXPECT_EQ(jobs.tasks()[0].launch.batch(), 7u);
  jobs.Done(0);
  EXPECT_EQ(jobs.tasks().size(), 1u);
  jobs.Done(1);
  ASSERT_GE(jobs.tasks().size(), 2u);
  proto::ShuffleInput input;
  ASSERT_TRUE(input.ParseFromString(jobs.tasks()[0].launch.inputs(0).shuffle()));
  EXPECT_EQ(input.shuffle(), reduce->id);
  EXPECT_EQ(input.maps(), 2u);
  ASSERT_EQ(input.locations_size(), 2);
  EXPECT_EQ(input.locations(1).executor(), 1u);
  EXPECT_THAT(input.locations(1).ranges(), ElementsAre(1u, 1u));
  jobs.FinishAll();
  EXPECT_THAT(jobs.ResultOf(job), Optional(std::string("row0,row1,row2")));
}

TEST(JobScheduler, SmallOutputTravelsToTheReducersOfOtherExecutors) {
  JobHarness jobs;
  jobs.Join(0);
  jobs.Join(1);
  const auto reduce = ReduceByKey(Map(Range(2)), 2);
  const JobId job = jobs.Submit(reduce);
  for (int map = 0; map < 2; ++map) {
    const JobHarness::LaunchedTask task = jobs.TakeTask(map);
    EXPECT_GT(task.launch.small_output_bytes(), 0u);
    proto::TaskStatus status = jobs.StatusOf(task);
    for (int r = 0; r < 2; ++r) status.add_small_output(std::to_string(map) + " to " + std::to_string(r));
    jobs.Report(task.executor, status);
  }
  ASSERT_EQ(jobs.tasks().size(), 2u);
  for (const JobHarness::LaunchedTask& task : jobs.tasks()) {
    ASSERT_EQ(task.launch.carried_size(), 1) << "its own is at hand";
    const proto::CarriedBlock& carried = task.launch.carried(0);
    EXPECT_EQ(carried.id().a(), reduce->id);
    EXPECT_EQ(carried.id().b(), 1 - task.executor);
    EXPECT_EQ(carried.id().c(), static_cast<uint64_t>(task.partition));
    EXPECT_EQ(carried.slice(), std::to_string(1 - task.executor) + " to " + std::to_string(task.partition));
  }
  jobs.FinishAll();
  EXPECT_THAT(jobs.ResultOf(job), Optional(std::string("row0,row1")));
}

TEST(JobScheduler, OutputTravelsNeitherOfManyTasksNorWithoutPeers) {
  JobHarness jobs;
  jobs.Join(0);
  jobs.Submit(ReduceByKey(Map(Range(1)), 1));
  EXPECT_EQ(jobs.tasks().back().launch.small_output_bytes(), 0u);
  jobs.FinishAll();
  jobs.Join(1);
  jobs.Submit(ReduceByKey(Map(Range(64)), 64));
  EXPECT_EQ(jobs.tasks().back().launch.small_output_bytes(), 0u);
}

TEST(JobScheduler, JobsWaitForTheFirstExecutor) {
  JobHarness jobs;
  const JobId job = jobs.Submit(Range(2));
  EXPECT_THAT(jobs.tasks(), IsEmpty());
  jobs.Join(0);
  jobs.FinishAll();
  EXPECT_THAT(jobs.ResultOf(job), Optional(std::string("row0,row1")));
}

TEST(JobScheduler, ABuildingMistakeIsTheJobsError) {
  JobHarness jobs;
  jobs.Join(0);
  const auto broken = Map(Range(2));
  broken->error = absl::InvalidArgumentError("Map (main.cc:3): no");
  EXPECT_THAT(jobs.ResultOf(jobs.Submit(ReduceByKey(broken, 2))),
              Optional(std::string("Map (main.cc:3): no")));
  EXPECT_THAT(jobs.ResultOf(jobs.Submit(Range(2), {2})), Optional(HasSubstr("no partition 2")));
}

TEST(JobScheduler, AJobOfNoPartitionsEndsAtOnce) {
  JobHarness jobs;
  EXPECT_THAT(jobs.ResultOf(jobs.Submit(Range(0))), Optional(std::string("")));
}

TEST(JobScheduler, ATaskThatThrowsIsTriedFourTimesAndTheErrorNamesItAll) {
  JobHarness jobs;
  jobs.Join(0, 4);
  const JobId job = jobs.Submit(Map(Range(4)));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(jobs.tasks().back().attempt, i);
    jobs.Throws(3);
    EXPECT_EQ(jobs.ResultOf(job), std::nullopt);
  }
  jobs.Throws(3);
  EXPECT_THAT(jobs.ResultOf(job),
              Optional(std::string("Task 3 of FlatMap failed 4 times; last: std::runtime_error: boom")));
  EXPECT_EQ(jobs.CountSent(Command::kCancel), 1);
  EXPECT_THAT(jobs.tasks(), IsEmpty());
}

TEST(JobScheduler, WithOneTryTheFirstFailureEndsTheJob) {
  JobHarness jobs({.max_task_failures = 1});
  jobs.Join(0);
  const JobId job = jobs.Submit(Map(Range(1)));
  jobs.Throws(0);
  EXPECT_THAT(jobs.ResultOf(job),
              Optional(std::string("Task 0 of FlatMap failed: std::runtime_error: boom")));
}

TEST(JobScheduler, ATaskThatFailsOnceSucceedsOnItsSecondTry) {
  JobHarness jobs;
  jobs.Join(0);
  const JobId job = jobs.Submit(Map(Range(2)));
  jobs.Throws(1);
  jobs.FinishAll();
  EXPECT_THAT(jobs.ResultOf(job), Optional(std::string("row0,row1")));
}

TEST(JobScheduler, AnEmptyTwoStageBatchCostsUnderAKilobyteAfterTheFirst) {
  JobHarness jobs;
  jobs.Join(0);
  jobs.Join(1);
  const auto run = [&] {
    auto reduce = ReduceByKey(Map(Map(Received({{}, {}}), "FlatMap")), 2);
    const uint64_t id = reduce->id;
    jobs.Submit(Map(reduce));
    reduce.reset();
    jobs.FinishAll();
    jobs.Handle(NodeUnused{id});
  };
  run();
  EXPECT_EQ(jobs.CountSent(Command::kInstall), 4);
  jobs.ClearSent();
  run();
  EXPECT_EQ(jobs.CountSent(Command::kInstall), 0);
  EXPECT_EQ(jobs.CountSent(Command::kLaunch), 4);
  EXPECT_EQ(jobs.CountSent(Command::kDrop), 2);
  EXPECT_LE(jobs.SentBytes(), 1024u);
  EXPECT_EQ(jobs.unknown_plans(), 0);
}

TEST(JobScheduler, AShuffleThatIsCompleteIsNotRunAgain) {
  JobHarness jobs;
  jobs.Join(0);
  const auto reduce = ReduceByKey(Range(2), 1);
  jobs.Submit(reduce);
  jobs.FinishAll();
  const JobId second = jobs.Submit(Map(reduce));
  ASSERT_EQ(jobs.tasks().size(), 1u);
  EXPECT_FALSE(jobs.tasks()[0].IsMap());
  jobs.FinishAll();
  EXPECT_THAT(jobs.ResultOf(second), Optional(std::string("row0")));
}

TEST(JobScheduler, TwoJobsThatNeedOneShuffleRunItOnce) {
  JobHarness jobs;
  jobs.Join(0);
  const auto reduce = ReduceByKey(Range(2), 1);
  const JobId first = jobs.Submit(reduce);
  const JobId second = jobs.Submit(Map(reduce));
  EXPECT_EQ(jobs.tasks().size(), 2u);
  jobs.FinishAll();
  EXPECT_NE(jobs.ResultOf(first), std::nullopt);
  EXPECT_NE(jobs.ResultOf(second), std::nullopt);
}

TEST(JobScheduler, AJobTakesOverTheShuffleOfOneThatIsCancelled) {
  JobHarness jobs;
  jobs.Join(0);
  const auto reduce = ReduceByKey(Range(2), 1);
  const JobId first = jobs.Submit(reduce);
  const JobId second = jobs.Submit(Map(reduce));
  jobs.Handle(JobCancelled{first, absl::CancelledError("stopped")});
  EXPECT_THAT(jobs.ResultOf(first), Optional(std::string("stopped")));
  jobs.FinishAll();
  EXPECT_NE(jobs.ResultOf(second), std::nullopt);
}

TEST(JobScheduler, TasksGoWhereTheirBlocksAre) {
  JobHarness jobs;
  for (uint32_t e = 0; e < 3; ++e) jobs.Join(e, 1);
  jobs.Submit(Received({{ReceivedBlock(1, {2, 0})}, {ReceivedBlock(2, {1})}}));
  EXPECT_THAT(jobs.PartitionsOn(1), ElementsAre(1));
  ASSERT_EQ(jobs.tasks().size(), 2u);
  for (const auto& task : jobs.tasks()) {
    const auto& part = task.launch.inputs(0).blocks().partitions(0);
    EXPECT_EQ(part.partition(), static_cast<uint32_t>(task.partition));
    EXPECT_EQ(part.blocks(0).peers(0), task.executor) << "its own copy first";
  }
}

TEST(JobScheduler, ABlockIsReadWhereItMoved) {
  JobHarness jobs;
  for (uint32_t e = 0; e < 3; ++e) jobs.Join(e);
  const auto node = Received({{ReceivedBlock(1, {0, 1})}});
  jobs.Handle(BlockMoved{node->blocks[0][0].id, {ExecutorId{2}}});
  jobs.Lose(0);
  jobs.Lose(1);
  jobs.Submit(node);
  EXPECT_THAT(jobs.tasks().at(0).launch.inputs(0).blocks().partitions(0).blocks(0).peers(), ElementsAre(2u));
}

TEST(JobScheduler, ABlockWithoutALivingCopyFailsTheJobByName) {
  JobHarness jobs;
  jobs.Join(0);
  jobs.Join(1);
  jobs.Lose(1);
  const JobId job = jobs.Submit(Map(Received({{ReceivedBlock(17, {1})}})));
  EXPECT_THAT(
      jobs.ResultOf(job),
      Optional(StartsWith("SocketTextStream: no copy is left of block input-0-17: executor 1 was killed "
                          "by signal 11 (SIGSEGV). A storage level ending in 2")));
}

TEST(JobScheduler, ABlockThatUserCodeTookWithItBlamesTheUserCode) {
  JobHarness jobs;
  jobs.Join(0);
  jobs.Join(1);
  const JobId job = jobs.Submit(Map(Received({{ReceivedBlock(17, {1})}})));
  jobs.Lose(1, "was killed by signal 11 (SIGSEGV) in Map. Fix the function passed to Map");
  EXPECT_THAT(
      jobs.ResultOf(job),
      Optional(std::string("executor 1 was killed by signal 11 (SIGSEGV) in Map; no copy is left of block "
                           "input-0-17 of SocketTextStream. Fix the function passed to Map")));
}

TEST(JobScheduler, CoresOfReceiversTakeNoTasks) {
  JobHarness jobs;
  jobs.Join(0, 2);
  jobs.Join(1, 1);
  jobs.Handle(CoresReserved{ExecutorId{1}, 1});
  jobs.Submit(Range(6));
  EXPECT_EQ(jobs.PartitionsOn(0).size(), 6u);
  EXPECT_THAT(jobs.PartitionsOn(1), IsEmpty());
}

TEST(JobScheduler, ManyTasksTravelInFewMessages) {
  JobHarness jobs;
  jobs.Join(0);
  jobs.Join(1);
  const JobId job = jobs.Submit(Range(512));
  while (!jobs.tasks().empty()) jobs.Done(jobs.tasks().front().partition);
  EXPECT_NE(jobs.ResultOf(job), std::nullopt);
  EXPECT_LE(jobs.CountSent(Command::kLaunch), 60);
}

TEST(JobScheduler, OldPlansAreForgottenEverywhere) {
  JobHarness jobs({.max_plans = 3});
  jobs.Join(0);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 6; ++i) {
      const auto node = Map(Range(1));
      node->kernel.state = std::to_string(i);
      jobs.Submit(node);
      jobs.FinishAll();
    }
  }
  EXPECT_EQ(jobs.CountSent(Command::kInstall), 12);
  EXPECT_EQ(jobs.CountSent(Command::kDrop), 9);
  EXPECT_EQ(jobs.unknown_plans(), 0);
}

TEST(JobScheduler, NodesWithOutputAreTiedOnceAndDroppedWhenUnused) {
  JobHarness jobs;
  jobs.Join(0);
  const auto reduce = ReduceByKey(Range(1), 1);
  jobs.Submit(reduce);
  jobs.FinishAll();
  jobs.Submit(Map(reduce));
  jobs.FinishAll();
  ASSERT_EQ(jobs.tied().size(), 1u);
  EXPECT_EQ(jobs.tied()[0], reduce);
  jobs.ClearSent();
  jobs.Handle(NodeUnused{reduce->id});
  ASSERT_EQ(jobs.sent().size(), 1u);
  EXPECT_THAT(jobs.sent()[0].command.drop().shuffles(), ElementsAre(reduce->id));
}

TEST(JobScheduler, ResultsStoredForAJobThatEndedAreDropped) {
  JobHarness jobs;
  jobs.Join(0);
  const JobId job = jobs.Submit(Range(1));
  const auto task = jobs.TakeTask(0);
  jobs.Handle(JobCancelled{job, absl::CancelledError("stopped")});
  jobs.ClearSent();
  proto::TaskStatus status = jobs.StatusOf(task);
  status.set_result_stored(true);
  jobs.Report(0, status);
  ASSERT_EQ(jobs.sent().size(), 1u);
  EXPECT_THAT(jobs.sent()[0].command.drop().stage_runs(), ElementsAre(task.launch.stage_run()));
}

}  // namespace
}  // namespace millstream::driver
