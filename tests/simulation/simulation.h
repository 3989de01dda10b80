#ifndef MILLSTREAM_TESTS_SIMULATION_SIMULATION_H_
#define MILLSTREAM_TESTS_SIMULATION_SIMULATION_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/simulation/effects.h"

namespace millstream::simulation {

struct SimulationOptions {
  uint64_t seed = 1;
  int executors = 0;     // 0: some, chosen by the seed
  bool faults = true;    // and outputs of more than two stages
  int64_t seconds = 15;  // of virtual time, before everything has to come to rest
};

struct SimulationReport {
  std::string violation;  // empty: none
  uint64_t trace = 0;     // a hash of everything that happened
  uint64_t executors = 0;
  uint64_t batches = 0;
  uint64_t records = 0;
  uint64_t tasks = 0;
  uint64_t faults = 0;
  Effects effects;
  size_t most_queued_batches = 0;
  int64_t driver_cpu_ns =
      0;  // once all executors have joined; the only number that is not the same in every run
};

// A streaming application on a virtual cluster, from its start to its graceful stop. The same options give
// the same report in every process and build. Checks that
//  - every record that was acknowledged is counted by every output exactly once, and no other is;
//  - nothing waits for ever: when the faults are over, all batches settle and the application stops, in
//    bounded time, without an error;
//  - no queue grows without bound: the driver keeps the blocks of unsettled batches and no others, and in the
//    end neither it nor an executor keeps anything.
SimulationReport Simulate(const SimulationOptions& options);

}  // namespace millstream::simulation

#endif  // MILLSTREAM_TESTS_SIMULATION_SIMULATION_H_
