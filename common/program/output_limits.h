#ifndef MILLSTREAM_COMMON_PROGRAM_OUTPUT_LIMITS_H_
#define MILLSTREAM_COMMON_PROGRAM_OUTPUT_LIMITS_H_

#include "common/cli/resolved_config.h"
#include "proto/cluster.pb.h"

namespace millstream::program {

// How much a worker keeps of what a process of this application writes.
proto::OutputLimits OutputLimitsOf(const cli::ResolvedConfig& config);

}  // namespace millstream::program

#endif  // MILLSTREAM_COMMON_PROGRAM_OUTPUT_LIMITS_H_
