#ifndef MILLSTREAM_TESTS_SIMULATION_NEMESIS_H_
#define MILLSTREAM_TESTS_SIMULATION_NEMESIS_H_

#include <cstddef>
#include <cstdint>

#include "tests/simulation/cluster.h"
#include "tests/simulation/world.h"

namespace millstream::simulation {

// Makes faults, at random, until it is told to stop: kills, stops and cuts off executors, breaks connections,
// makes tasks throw and drag. It stays within what the engine promises to survive: it never takes the last
// copy of a block that is needed, and leaves half of the executors alone. All that it has begun ends by
// itself.
class Nemesis {
 public:
  // A fault every `mean_us` on average.
  Nemesis(World& world, Cluster& cluster, size_t executors, int64_t mean_us)
      : world_(world), cluster_(cluster), executors_(executors), mean_us_(mean_us) {}

  void Begin() { Wait(); }
  void Stop() { stopped_ = true; }
  uint64_t faults() const { return faults_; }
  // When the last fault that it began ends.
  int64_t over_us() const { return over_us_; }

 private:
  void Wait();
  void Strike(ExecutorId victim);
  bool CanSpare(ExecutorId victim) const;
  int64_t Duration();

  World& world_;
  Cluster& cluster_;
  const size_t executors_;
  const int64_t mean_us_;
  bool stopped_ = false;
  uint64_t faults_ = 0;
  int64_t over_us_ = 0;
};

}  // namespace millstream::simulation

#endif  // MILLSTREAM_TESTS_SIMULATION_NEMESIS_H_
