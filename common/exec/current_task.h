#ifndef MILLSTREAM_COMMON_EXEC_CURRENT_TASK_H_
#define MILLSTREAM_COMMON_EXEC_CURRENT_TASK_H_

#include <millstream/exec/kernel.h>

namespace millstream::exec {

// The task that the calling thread runs; null outside of tasks. Safe in a signal handler.
const TaskEnv* CurrentTask();

// Makes `env` the calling thread's task for as long as the scope lives.
class TaskScope {
 public:
  explicit TaskScope(const TaskEnv* env);
  ~TaskScope();
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

 private:
  const TaskEnv* const outer_;
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_COMMON_EXEC_CURRENT_TASK_H_
