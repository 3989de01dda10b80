#include "deploy/doctor/clocks.h"

#include <sys/timex.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>

namespace millstream::deploy {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr int64_t kYear2025Ms = 1'735'689'600'000;
constexpr int64_t kStepMs = 200;
constexpr int64_t kSecondMs = 1000;
constexpr int64_t kHourMs = 3600 * kSecondMs;  // the tolerance of certificates
constexpr std::string_view kKeepIt = "As root, install chrony or systemd-timesyncd";

}  // namespace

ClockReading ReadClocks() {
  timex kernel{};
  const int state = adjtimex(&kernel);
  return {
      duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count(),
      duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count(),
      state >= 0 && state != TIME_ERROR,
  };
}

Finding CheckClocks(const ClockReading& first, const ClockReading& second) {
  const int64_t elapsed = second.steady_ms - first.steady_ms;
  const int64_t step = second.wall_ms - first.wall_ms - elapsed;
  if (elapsed < 0) {
    return Fail("clock", "the monotonic one went back", "As root, choose another clocksource for the kernel");
  }
  if (second.wall_ms < kYear2025Ms) {
    return Fail("clock", "it is behind the release of this program, so that no certificate is valid",
                "As root, set it, with date for instance");
  }
  if (std::abs(step) > kStepMs) {
    return Warn("clock", "it was set by " + std::to_string(step) + " ms meanwhile",
                "Let one program keep it, which does not set it in steps");
  }
  if (!second.kept) {
    return Warn("clock", "goes evenly, but nothing keeps it in time, the kernel says", kKeepIt);
  }
  return Ok("clock", "goes evenly, and is kept in time");
}

Finding CheckMasterClock(int64_t sent_ms, int64_t master_ms, int64_t received_ms) {
  const int64_t behind = std::max<int64_t>(0, master_ms - received_ms);
  const int64_t ahead = std::max<int64_t>(0, sent_ms - master_ms);
  const int64_t apart = std::max(behind, ahead);
  const std::string found = "this host's is " + std::to_string(apart) + " ms " +
                            (ahead > 0 ? "ahead of" : "behind") + " the master's";
  if (apart > kHourMs) {
    return Fail("clocks", found + ": certificates of one are not valid for the other",
                "As root, set it. " + std::string(kKeepIt));
  }
  if (apart > kSecondMs) return Warn("clocks", found, kKeepIt);
  return Ok("clocks", "this host's and the master's agree within " +
                          std::to_string(std::max(apart, received_ms - sent_ms)) + " ms");
}

}  // namespace millstream::deploy
