#ifndef MILLSTREAM_DRIVER_JOBS_PLACEMENT_H_
#define MILLSTREAM_DRIVER_JOBS_PLACEMENT_H_

#include <cstddef>
#include <vector>

#include "common/base/ids.h"

namespace millstream::driver {

struct ExecutorLoad {
  ExecutorId executor{};
  int cores = 1;   // for tasks; receivers have theirs
  int queued = 0;  // tasks it has, running or not
};

struct WaitingTask {
  int partition = 0;
  std::vector<ExecutorId> preferred;  // who has its input, the best first
};

struct Assignment {
  ExecutorId executor{};
  std::vector<int> partitions;  // ascending
};

// Deals tasks (ascending by partition) to executors (ascending by id). A task goes to an executor that has
// its input if that one has room, else anywhere at once. A lone executor takes everything. Of several, each
// takes no more than its free cores when that is enough for all tasks; else a share of half of what waits on
// top, asked for again when half of it is done, so that few messages carry many tasks and none waits behind a
// slow one while others idle. What finds no room stays out of the answer.
std::vector<Assignment> PlaceTasks(const std::vector<WaitingTask>& tasks,
                                   const std::vector<ExecutorLoad>& executors);

// Whether PlaceTasks would place any of so many tasks.
bool HasRoom(size_t tasks, const std::vector<ExecutorLoad>& executors);

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_JOBS_PLACEMENT_H_
