#ifndef MILLSTREAM_COMMON_PLAN_STAGE_PLAN_ID_H_
#define MILLSTREAM_COMMON_PLAN_STAGE_PLAN_ID_H_

#include <string>

#include "proto/plan.pb.h"

namespace millstream::plan {

// 16 bytes that name a stage plan by its content: XXH3-128 of its deterministic serialisation.
std::string StagePlanId(const proto::StagePlan& plan);

}  // namespace millstream::plan

#endif  // MILLSTREAM_COMMON_PLAN_STAGE_PLAN_ID_H_
