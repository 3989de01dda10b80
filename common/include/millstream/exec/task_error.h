#ifndef MILLSTREAM_EXEC_TASK_ERROR_H_
#define MILLSTREAM_EXEC_TASK_ERROR_H_

#include <exception>
#include <string>

#include "absl/status/status.h"

namespace millstream::exec {

// An engine failure on its way through a chain of streams to the task boundary, where it becomes the task's
// status.
class TaskError : public std::exception {
 public:
  explicit TaskError(absl::Status status);
  ~TaskError() override;

  const absl::Status& status() const { return status_; }
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  absl::Status status_;
  std::string text_;
};

void ThrowIfError(absl::Status status);

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_TASK_ERROR_H_
