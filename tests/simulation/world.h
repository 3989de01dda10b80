#ifndef MILLSTREAM_TESTS_SIMULATION_WORLD_H_
#define MILLSTREAM_TESTS_SIMULATION_WORLD_H_

#include <cstdint>
#include <string>

#include "common/base/ids.h"
#include "tests/simulation/control_streams.h"
#include "tests/simulation/effects.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/virtual_time.h"

namespace millstream::simulation {

// What everything in one simulation shares.
struct World {
  World(uint64_t seed, int streams, uint64_t repeats)
      : random(seed), ledger(streams), control(agenda, random, effects, repeats) {}

  void Note(std::string_view what, std::initializer_list<uint64_t> numbers) {
    trace.Note(agenda.now_us(), what, numbers);
  }

  Agenda agenda;
  Random random;
  Trace trace;
  Effects effects;
  Ledger ledger;
  ControlStreams control;
};

class VirtualExecutor;

// The data plane between executors, and from the driver (kDriverPeer) to them.
class Peers {
 public:
  virtual ~Peers() = default;
  // Null if it does not answer: it is gone, stopped, or one of both is cut off.
  virtual VirtualExecutor* Reach(ExecutorId from, ExecutorId to) = 0;
  // Does something on an executor later, if that still lives then.
  virtual void After(ExecutorId executor, int64_t delay_us, std::function<void()> action) = 0;
};

// How long a peer that does not answer is waited for.
inline constexpr int64_t kPeerTimeoutUs = 2'000'000;

}  // namespace millstream::simulation

#endif  // MILLSTREAM_TESTS_SIMULATION_WORLD_H_
