#ifndef MILLSTREAM_EXECUTOR_TASKS_TASK_H_
#define MILLSTREAM_EXECUTOR_TASKS_TASK_H_

#include "executor/tasks/executor_parts.h"
#include "executor/tasks/launch_run.h"
#include "proto/control.pb.h"

namespace millstream::executor {

// Runs one task of a launch on the calling thread. Whatever happens in it, `status` tells.
void RunTask(const ExecutorParts& parts, const LaunchRun& launch, int partition, int attempt,
             proto::TaskStatus& status);

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_TASKS_TASK_H_
