#include "tests/simulation/simulation.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>

namespace millstream::simulation {
namespace {

constexpr uint64_t kFixedSeeds = 20;
constexpr int kFreshSeeds = 5;

SimulationReport Replay(uint64_t seed) {
  SimulationReport report = Simulate({.seed = seed});
  EXPECT_EQ(report.violation, "") << "replay it with: make simulate SEED=" << seed;
  return report;
}

TEST(Simulation, EveryAcknowledgedRecordIsCountedOnceWhateverFailsAndEverythingFails) {
  Effects effects;
  for (uint64_t seed = 1; seed <= kFixedSeeds; ++seed) {
    const SimulationReport report = Replay(seed);
    EXPECT_GT(report.records, 0) << seed;
    EXPECT_GT(report.faults, 0) << seed;
    for (const auto& [effect, count] : report.effects) effects[effect] += count;
  }
  for (const char* effect :
       {"connection broken", "cut off both ways", "cut off from the driver", "cut off towards the driver",
        "executor killed", "executor stopped", "message held", "message late", "message lost", "peer cut off",
        "receiver ended", "report out of order", "report repeated", "task slowed down", "task threw"}) {
    EXPECT_GT(effects[effect], 0) << effect;
  }
}

TEST(Simulation, FreshSeedsKeepThePromisesToo) {
  std::random_device device;
  for (int i = 0; i < kFreshSeeds; ++i) {
    const uint64_t seed = device();
    std::printf("fresh seed %llu\n", static_cast<unsigned long long>(seed));
    Replay(seed);
  }
}

TEST(Simulation, TheSameSeedGivesTheSameTraceAndAnotherSeedAnother) {
  const SimulationReport first = Simulate({.seed = 4711});
  const SimulationReport again = Simulate({.seed = 4711});
  const SimulationReport other = Simulate({.seed = 4712});
  EXPECT_EQ(first.trace, again.trace);
  EXPECT_EQ(first.tasks, again.tasks);
  EXPECT_NE(first.trace, other.trace);
}

TEST(Simulation, WithoutFaultsEveryTaskRunsOnce) {
  SimulationReport report = Simulate({.seed = 1, .executors = 10, .faults = false, .seconds = 2});
  EXPECT_EQ(report.violation, "");
  EXPECT_EQ(report.faults, 0);
  EXPECT_EQ(report.effects.erase("message late"), 1);
  EXPECT_TRUE(report.effects.empty());
  const uint64_t tasks_of_a_batch = 4 + 10;  // partitions of a stream, reducers
  EXPECT_EQ(report.tasks, report.batches * tasks_of_a_batch);
}

}  // namespace
}  // namespace millstream::simulation
