#ifndef MILLSTREAM_EXECUTOR_RECEIVERS_RATE_LIMIT_H_
#define MILLSTREAM_EXECUTOR_RECEIVERS_RATE_LIMIT_H_

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace millstream::executor {

// When each of many rows may be let in, so that there are at most so many per second: one after another in
// equal steps; up to a second's worth of steps that nobody took may be taken at once later (as Spark's
// limiter does). Knows no time but what it is told. Not thread-safe.
class RateLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `per_second` is positive.
  RateLimit(uint64_t per_second, Time now)
      : step_((kSecond.count() + per_second - 1) / per_second), next_(now) {}

  // When the row that is there `now` may be let in; counts it.
  Time Take(Time now) {
    next_ = std::max(next_, now - kSecond);
    const Time at = std::max(next_, now);
    next_ += step_;
    return at;
  }

 private:
  static constexpr std::chrono::nanoseconds kSecond = std::chrono::seconds(1);

  const std::chrono::nanoseconds step_;
  Time next_;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_RECEIVERS_RATE_LIMIT_H_
