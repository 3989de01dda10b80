#ifndef MILLSTREAM_EXEC_TASK_ERROR_H_
#define MILLSTREAM_EXEC_TASK_ERROR_H_

#include <exception>
#include <string>
#include <utility>

#include "absl/status/status.h"

namespace millstream::exec {

// An engine failure on its way through a chain of streams to the task boundary, where it becomes the task's
// status.
class TaskError : public std::exception {
 public:
  explicit TaskError(absl::Status status) : status_(std::move(status)), text_(status_.ToString()) {}

  const absl::Status& status() const { return status_; }
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  absl::Status status_;
  std::string text_;
};

inline void ThrowIfError(absl::Status status) {
  if (!status.ok()) throw TaskError(std::move(status));
}

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_TASK_ERROR_H_
