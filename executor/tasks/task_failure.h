#ifndef MILLSTREAM_EXECUTOR_TASKS_TASK_FAILURE_H_
#define MILLSTREAM_EXECUTOR_TASKS_TASK_FAILURE_H_

#include <millstream/exec/kernel.h>

#include <exception>
#include <string>

#include "common/base/ids.h"
#include "common/plan/block_id.h"
#include "proto/control.pb.h"

namespace millstream::executor {

// A task's input could not be read: on its way through the streams to the task boundary.
class InputLost : public std::exception {
 public:
  // Shuffle output that `executor` was said to hold.
  static InputLost Shuffle(const plan::BlockId& id, ExecutorId executor, const std::string& why);
  // An input block that nobody has.
  static InputLost Block(const plan::BlockId& id, const std::string& why);

  const proto::TaskFailure& failure() const { return failure_; }
  const char* what() const noexcept override { return failure_.message().c_str(); }

 private:
  proto::TaskFailure failure_;
};

// What the exception that is being handled means for the task.
proto::TaskFailure DescribeCurrentException(const exec::TaskEnv& env);

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_TASKS_TASK_FAILURE_H_
