#include "driver/jobs/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace millstream::driver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<WaitingTask> Tasks(int count) {
  std::vector<WaitingTask> tasks;
  for (int p = 0; p < count; ++p) tasks.push_back({p, {}});
  return tasks;
}

ExecutorLoad Load(uint32_t executor, int cores, int queued = 0) {
  return {ExecutorId{executor}, cores, queued};
}

std::map<uint32_t, std::vector<int>> Dealt(const std::vector<WaitingTask>& tasks,
                                           const std::vector<ExecutorLoad>& loads) {
  std::map<uint32_t, std::vector<int>> dealt;
  for (const Assignment& assignment : PlaceTasks(tasks, loads))
    dealt[Number(assignment.executor)] = assignment.partitions;
  return dealt;
}

TEST(Placement, FewTasksSpreadOverFreeCoresInRanges) {
  const auto dealt = Dealt(Tasks(4), {Load(0, 2), Load(1, 2)});
  EXPECT_THAT(dealt.at(0), ElementsAre(0, 1));
  EXPECT_THAT(dealt.at(1), ElementsAre(2, 3));
}

TEST(Placement, ALoneExecutorTakesEverythingAtOnce) {
  EXPECT_EQ(Dealt(Tasks(512), {Load(0, 2, 5)}).at(0).size(), 512u);
}

TEST(Placement, OfManyTasksHalfAreHeldBackForWhoeverIsFaster) {
  const auto dealt = Dealt(Tasks(512), {Load(0, 1), Load(1, 1)});
  EXPECT_EQ(dealt.at(0).size(), 129u);
  EXPECT_EQ(dealt.at(1).size(), 129u);
}

TEST(Placement, AFullExecutorGetsNothing) {
  EXPECT_THAT(Dealt(Tasks(1), {Load(0, 1, 1), Load(1, 1, 1)}), IsEmpty());
  EXPECT_FALSE(HasRoom(1, {Load(0, 1, 1), Load(1, 1, 1)}));
  EXPECT_THAT(Dealt(Tasks(3), {}), IsEmpty());
  EXPECT_FALSE(HasRoom(3, {}));
}

TEST(Placement, ATaskGoesToItsInputUnlessThatExecutorIsBusy) {
  std::vector<WaitingTask> tasks = {{0, {ExecutorId{1}}}, {1, {ExecutorId{1}}}};
  const auto dealt = Dealt(tasks, {Load(0, 1), Load(1, 1)});
  EXPECT_THAT(dealt.at(1), ElementsAre(0));
  EXPECT_THAT(dealt.at(0), ElementsAre(1));
}

TEST(Placement, OfTwoCopiesTheIdlerExecutorIsTaken) {
  EXPECT_TRUE(Dealt({{0, {ExecutorId{0}, ExecutorId{1}}}}, {Load(0, 4, 2), Load(1, 4, 1)}).contains(1));
}

TEST(Placement, AnInputOnAnExecutorThatIsGoneIsNoPreference) {
  EXPECT_TRUE(Dealt({{0, {ExecutorId{9}}}}, {Load(0, 1)}).contains(0));
}

TEST(Placement, ExecutorsWithoutACoreForTasksGetNone) {
  const auto dealt = Dealt(Tasks(3), {Load(0, 0), Load(1, 1)});
  EXPECT_EQ(dealt.size(), 1u);
  EXPECT_EQ(dealt.at(1).size(), 3u);
}

}  // namespace
}  // namespace millstream::driver
