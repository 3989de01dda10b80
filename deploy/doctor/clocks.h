#ifndef MILLSTREAM_DEPLOY_DOCTOR_CLOCKS_H_
#define MILLSTREAM_DEPLOY_DOCTOR_CLOCKS_H_

#include <cstdint>

#include "deploy/doctor/finding.h"

namespace millstream::deploy {

struct ClockReading {
  int64_t wall_ms = 0;    // since 1970
  int64_t steady_ms = 0;  // since any time
  bool kept = false;      // something keeps the wall clock in time, the kernel says
};
ClockReading ReadClocks();

// What two readings of this host's clocks, some time apart, say about them.
Finding CheckClocks(const ClockReading& first, const ClockReading& second);

// The master read its clock after this host's said `sent_ms` and before it said `received_ms`.
Finding CheckMasterClock(int64_t sent_ms, int64_t master_ms, int64_t received_ms);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DOCTOR_CLOCKS_H_
