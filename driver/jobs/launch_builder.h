#ifndef MILLSTREAM_DRIVER_JOBS_LAUNCH_BUILDER_H_
#define MILLSTREAM_DRIVER_JOBS_LAUNCH_BUILDER_H_

#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/base/ids.h"
#include "driver/jobs/output_registry.h"
#include "driver/jobs/placement.h"
#include "driver/jobs/stage_builder.h"
#include "proto/control.pb.h"

namespace millstream::driver {

using IsAlive = std::function<bool(ExecutorId)>;

// The tasks as the placement sees them: who keeps partitions or blocks they read, the one with most first.
std::vector<WaitingTask> WithPreferences(const Stage& stage, const std::vector<int>& tasks,
                                         const OutputRegistry& outputs);

// (partition, attempt), ascending by partition, as ranges.
void AddRanges(const std::vector<std::pair<int, int>>& tasks, proto::Launch& launch);

// What `tasks` read: where shuffles and blocks are, and who but `executor` keeps partitions. DataLoss if a
// block has no living copy.
absl::Status AddInputs(const Stage& stage, const std::vector<int>& tasks, ExecutorId executor,
                       const OutputRegistry& outputs, const IsAlive& alive, proto::Launch& launch);

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_JOBS_LAUNCH_BUILDER_H_
