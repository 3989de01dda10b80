#include "deploy/master/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millstream::deploy {

void PrintTo(const PlacedExecutor& executor, std::ostream* out) {
  *out << executor.cores << " cores on " << executor.worker;
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr uint64_t kGiB = uint64_t{1} << 30;

proto::ExecutorRequest Request(uint32_t executor_cores, uint32_t executors, uint32_t total_cores,
                               uint64_t memory = kGiB) {
  proto::ExecutorRequest request;
  request.set_executor_cores(executor_cores);
  request.set_executors(executors);
  request.set_total_cores(total_cores);
  request.set_executor_memory_bytes(memory);
  return request;
}

std::vector<FreeWorker> Workers(std::vector<uint32_t> cores, uint64_t memory = 16 * kGiB) {
  std::vector<FreeWorker> workers;
  for (const uint32_t count : cores) {
    workers.push_back({"w" + std::to_string(workers.size()), count, memory, false});
  }
  return workers;
}

TEST(PlacementTest, WithoutBoundsAnApplicationGetsOneExecutorPerWorkerOfAllItsCores) {
  EXPECT_THAT(PlaceExecutors(Request(0, 0, 0), {}, Workers({4, 2})),
              UnorderedElementsAre(PlacedExecutor{"w0", 4}, PlacedExecutor{"w1", 2}));
}

TEST(PlacementTest, FewCoresAreSpreadOverAllWorkers) {
  EXPECT_THAT(
      PlaceExecutors(Request(0, 0, 4), {}, Workers({4, 4, 4})),
      UnorderedElementsAre(PlacedExecutor{"w0", 2}, PlacedExecutor{"w1", 1}, PlacedExecutor{"w2", 1}));
}

TEST(PlacementTest, ExecutorsOfOneSizeAreSpreadRoundAfterRound) {
  EXPECT_THAT(PlaceExecutors(Request(2, 3, 0), {}, Workers({4, 4})),
              ElementsAre(PlacedExecutor{"w0", 2}, PlacedExecutor{"w1", 2}, PlacedExecutor{"w0", 2}));
}

TEST(PlacementTest, ExecutorsOfOneSizeFillWhatIsThereWithoutABound) {
  EXPECT_EQ(PlaceExecutors(Request(2, 0, 0), {}, Workers({5, 4, 1})).size(), 4);
}

TEST(PlacementTest, AnExecutorLargerThanAnyWorkerIsNotPlaced) {
  EXPECT_THAT(PlaceExecutors(Request(8, 1, 0), {}, Workers({4, 7})), IsEmpty());
  EXPECT_THAT(PlaceExecutors(Request(1, 1, 0, 32 * kGiB), {}, Workers({4})), IsEmpty());
}

TEST(PlacementTest, MemoryBoundsTheExecutorsOfAWorker) {
  EXPECT_EQ(PlaceExecutors(Request(1, 0, 0, 3 * kGiB), {}, Workers({8}, 8 * kGiB)).size(), 2);
}

TEST(PlacementTest, TotalCoresAreNotExceededByAPartOfAnExecutor) {
  EXPECT_THAT(PlaceExecutors(Request(2, 0, 3), {}, Workers({8})), ElementsAre(PlacedExecutor{"w0", 2}));
}

TEST(PlacementTest, WhatIsHeldCountsAgainstTheBounds) {
  EXPECT_EQ(PlaceExecutors(Request(1, 3, 0), {.executors = 2, .cores = 2}, Workers({8})).size(), 1);
  EXPECT_THAT(PlaceExecutors(Request(0, 0, 4), {.executors = 1, .cores = 4}, Workers({8})), IsEmpty());
}

TEST(PlacementTest, AWorkerWithAnExecutorOfAllCoresGetsNoSecondOne) {
  std::vector<FreeWorker> workers = Workers({4, 4});
  workers[0].has_executor = true;
  EXPECT_THAT(PlaceExecutors(Request(0, 0, 0), {.executors = 1, .cores = 4}, workers),
              ElementsAre(PlacedExecutor{"w1", 4}));
}

TEST(PlacementTest, TheNumberOfExecutorsBoundsThoseOfAllCoresToo) {
  EXPECT_THAT(PlaceExecutors(Request(0, 1, 0), {}, Workers({2, 4})), ElementsAre(PlacedExecutor{"w1", 4}));
}

}  // namespace
}  // namespace millstream::deploy
