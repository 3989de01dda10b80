#ifndef MILLSTREAM_TESTS_SIMULATION_CONTROL_STREAMS_H_
#define MILLSTREAM_TESTS_SIMULATION_CONTROL_STREAMS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "common/base/ids.h"
#include "tests/simulation/effects.h"
#include "tests/simulation/virtual_time.h"

namespace millstream::simulation {

// The control streams between the driver and its executors, as gRPC gives them to both: while a stream lives,
// each direction is in order and complete, however long it takes; when it breaks, what was under way is lost
// and each end hears of it by itself. A direction that is blocked (a partition, a stopped process) keeps what
// is sent, as TCP does, and delivers it late if the stream outlives the block.
//
// One thing is harsher than gRPC: a report may come twice, the second time late, out of order, and maybe
// after its executor was lost. The driver's machines promise that such reports do no harm, whoever repeats
// them.
class ControlStreams {
 public:
  using Deliver = std::function<void(const std::string& message)>;
  struct Ends {
    Deliver at_driver;
    Deliver at_executor;
    std::function<void()> closed_at_driver;
    std::function<void()> closed_at_executor;
  };

  // `repeats`: of a thousand reports, so many come twice.
  ControlStreams(Agenda& agenda, Random& random, Effects& effects, uint64_t repeats)
      : agenda_(agenda), random_(random), effects_(effects), repeats_(repeats) {}

  void Open(ExecutorId executor, Ends ends);
  void SendToDriver(ExecutorId executor, const std::string& message);
  void SendToExecutor(ExecutorId executor, const std::string& message);

  // Blocks and unblocks directions.
  void Block(ExecutorId executor, bool to_driver, bool to_executor);

  enum class Rest { kArrives, kIsLost };
  // The executor's process has ended: the driver hears what still `rest`s under way, then of the end.
  void EndAtExecutor(ExecutorId executor, Rest rest);
  // The driver gives the stream up, and hears nothing more of it.
  void EndAtDriver(ExecutorId executor);
  // The connection breaks.
  void Break(ExecutorId executor);
  void StopRepeating() { repeats_ = 0; }

 private:
  struct Stream;
  using StreamPtr = std::shared_ptr<Stream>;
  // Told its stream, which owns it.
  using Arrival = std::function<void(const StreamPtr&)>;
  struct Direction {
    std::deque<std::pair<int64_t, Arrival>> under_way;  // when it arrives
    int64_t last_us = 0;
    uint64_t arrived = 0;
    bool blocked = false;
    bool closed = false;
  };
  struct Stream {
    Ends ends;
    Direction to_driver;
    Direction to_executor;
  };

  void Enqueue(const StreamPtr& stream, Direction Stream::*direction, Arrival arrive);
  void Pump(const StreamPtr& stream, Direction Stream::*direction);
  void Repeat(const StreamPtr& from, const std::string& message, int64_t after_us);
  void Lose(Direction& way);
  StreamPtr Find(ExecutorId executor) const;

  Agenda& agenda_;
  Random& random_;
  Effects& effects_;
  uint64_t repeats_;
  std::map<ExecutorId, StreamPtr> streams_;
};

}  // namespace millstream::simulation

#endif  // MILLSTREAM_TESTS_SIMULATION_CONTROL_STREAMS_H_
