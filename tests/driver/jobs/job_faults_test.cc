#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver/jobs/job_scheduler.h"
#include "tests/driver/jobs/job_harness.h"

namespace millstream::driver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

TEST(JobFaults, LostShuffleOutputIsComputedAgainAndNothingElse) {
  JobHarness jobs;
  jobs.Join(0, 2);
  jobs.Join(1, 2);
  const auto reduce = ReduceByKey(Range(4), 2);
  const JobId job = jobs.Submit(reduce);
  const std::vector<int> at1 = jobs.PartitionsOn(1);
  jobs.FinishRound();
  ASSERT_EQ(jobs.tasks().size(), 2u);
  jobs.CannotFetch(0, reduce->id, 1);
  // The other reducer is still out; the maps of executor 1 run again, the reducer waits for them.
  std::vector<int> again;
  for (const auto& task : jobs.tasks()) {
    if (task.IsMap()) again.push_back(task.partition);
  }
  EXPECT_EQ(again, at1);
  jobs.FinishAll();
  EXPECT_THAT(jobs.ResultOf(job), Optional(std::string("row0,row1")));
}

TEST(JobFaults, ALateFetchFailureDoesNotLoseWhatWasComputedSince) {
  JobHarness jobs;
  jobs.Join(0, 4);
  const auto reduce = ReduceByKey(Range(2), 2);
  const JobId job = jobs.Submit(reduce);
  jobs.FinishRound();
  const auto slow = jobs.TakeTask(1);
  jobs.CannotFetch(0, reduce->id, 0);
  jobs.FinishRound();  // both maps again
  proto::TaskStatus status = jobs.StatusOf(slow);
  status.mutable_failure()->set_kind(proto::TaskFailure::FETCH);
  status.mutable_failure()->set_shuffle(reduce->id);
  jobs.Report(0, status);
  for (const auto& task : jobs.tasks()) EXPECT_FALSE(task.IsMap());
  jobs.FinishAll();
  EXPECT_THAT(jobs.ResultOf(job), Optional(std::string("row0,row1")));
}

TEST(JobFaults, AStageThatKeepsLosingItsInputGivesUp) {
  JobHarness jobs;
  jobs.Join(0);
  const auto reduce = ReduceByKey(Range(1), 1);
  const JobId job = jobs.Submit(reduce);
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(jobs.ResultOf(job), std::nullopt);
    jobs.Done(0);
    jobs.CannotFetch(0, reduce->id, 0);
  }
  EXPECT_THAT(jobs.ResultOf(job),
              Optional(HasSubstr("lost its input 4 times; last: executor 0 cannot be reached")));
}

TEST(JobFaults, TasksOfALostExecutorRunElsewhere) {
  JobHarness jobs;
  jobs.Join(0);
  jobs.Join(1);
  const JobId job = jobs.Submit(Map(Range(2)));
  EXPECT_THAT(jobs.PartitionsOn(1), ElementsAre(1));
  jobs.Lose(1);
  jobs.Done(0);
  EXPECT_THAT(jobs.PartitionsOn(0), ElementsAre(1));
  EXPECT_EQ(jobs.tasks()[0].attempt, 1);
  jobs.FinishAll();
  EXPECT_THAT(jobs.ResultOf(job), Optional(std::string("row0,row1")));
}

TEST(JobFaults, ACrashCountsAgainstWhatRanAndNotAgainstWhatWaited) {
  JobHarness jobs;
  uint32_t executor = 0;
  jobs.Join(executor);
  const JobId job = jobs.Submit(Map(Range(8)));
  // Partition 0 is the first of the queue and kills its executor; afterwards it is retried with its
  // neighbours.
  for (int crash = 1; crash <= 4; ++crash) {
    ASSERT_EQ(jobs.ResultOf(job), std::nullopt) << crash;
    jobs.Lose(executor);
    jobs.Join(++executor);
  }
  EXPECT_THAT(
      jobs.ResultOf(job),
      Optional(std::string("Task 0 of Range -> Map -> Collect failed 4 times; last: executor 3 was killed by "
                           "signal 11 (SIGSEGV)")));
}

TEST(JobFaults, ShuffleOutputOfALostExecutorIsForgotten) {
  JobHarness jobs;
  jobs.Join(0);
  jobs.Join(1);
  const auto reduce = ReduceByKey(Range(2), 1);
  jobs.Submit(reduce);
  jobs.FinishAll();
  jobs.Lose(0);
  const JobId second = jobs.Submit(Map(reduce));
  ASSERT_EQ(jobs.tasks().size(), 1u);
  EXPECT_TRUE(jobs.tasks()[0].IsMap());
  jobs.FinishAll();
  EXPECT_NE(jobs.ResultOf(second), std::nullopt);
}

TEST(JobFaults, AStoredResultOfALostExecutorIsComputedAgain) {
  JobHarness jobs;
  jobs.Join(0);
  jobs.Join(1);
  const JobId job = jobs.Submit(Range(2));
  const auto first = jobs.TakeTask(0);
  proto::TaskStatus status = jobs.StatusOf(first);
  status.clear_result();
  status.set_result_stored(true);
  jobs.Report(0, status);
  jobs.Lose(0);
  jobs.FinishAll();
  EXPECT_THAT(jobs.ResultOf(job), Optional(std::string("row0,row1")));
}

TEST(JobFaults, AStatusThatComesTwiceOrLateOrFromALostExecutorChangesNothing) {
  JobHarness jobs;
  jobs.Join(0);
  jobs.Join(1);
  const JobId job = jobs.Submit(Range(2));
  const auto zero = jobs.TakeTask(0);
  jobs.Report(0, jobs.StatusOf(zero));
  jobs.Report(0, jobs.StatusOf(zero));
  EXPECT_EQ(jobs.ResultOf(job), std::nullopt);
  const auto one = jobs.TakeTask(1);
  jobs.Lose(1);
  jobs.Report(1, jobs.StatusOf(one));
  EXPECT_EQ(jobs.ResultOf(job), std::nullopt);
  jobs.FinishAll();
  EXPECT_THAT(jobs.ResultOf(job), Optional(std::string("row0,row1")));
  jobs.Report(0, jobs.StatusOf(one));
}

}  // namespace
}  // namespace millstream::driver
