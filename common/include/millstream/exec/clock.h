#ifndef MILLSTREAM_EXEC_CLOCK_H_
#define MILLSTREAM_EXEC_CLOCK_H_

#include <cstdint>
#include <functional>

namespace millstream {

// Time as the engine's batch schedule sees it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Milliseconds since the epoch.
  virtual int64_t NowMs() const = 0;

  // True if time moves only when somebody moves it: then nobody waits for it to pass, but for Subscribe's
  // call.
  virtual bool IsManual() const = 0;

  // Calls `moved` after every move of a manual clock, on the mover's thread; a real clock never calls.
  // Returns a token for Unsubscribe, after which `moved` is not called again.
  virtual uint64_t Subscribe(std::function<void()> moved) = 0;
  virtual void Unsubscribe(uint64_t token) = 0;
};

// The system's wall clock; one for the process.
Clock& SystemClock();

}  // namespace millstream

#endif  // MILLSTREAM_EXEC_CLOCK_H_
