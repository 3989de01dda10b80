#ifndef MILLSTREAM_DEPLOY_DOCTOR_LIMITS_H_
#define MILLSTREAM_DEPLOY_DOCTOR_LIMITS_H_

#include <cstdint>
#include <vector>

#include "deploy/doctor/finding.h"

namespace millstream::deploy {

// What this process, and those it starts, may have; the greatest number: no limit.
struct Limits {
  uint64_t open_files = 0;  // of each process
  uint64_t processes = 0;   // and threads, of this user
};
Limits ReadLimits();

std::vector<Finding> CheckLimits(const Limits& limits);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DOCTOR_LIMITS_H_
