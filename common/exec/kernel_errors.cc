#include <millstream/exec/narrow_kernels.h>
#include <millstream/exec/row_kernels.h>
#include <millstream/exec/task_error.h>

#include <string>
#include <utility>

namespace millstream::exec {

TaskError::TaskError(absl::Status status) : status_(std::move(status)), text_(status_.ToString()) {}

TaskError::~TaskError() = default;

void ThrowIfError(absl::Status status) {
  if (!status.ok()) throw TaskError(std::move(status));
}

void ThrowUnequalZip(const char* operation) {
  throw TaskError(absl::InvalidArgumentError(
      std::string(operation) + ": Can only zip RDDs with same number of elements in each partition"));
}

void ThrowCorruptRows(const char* operation) {
  throw TaskError(absl::DataLossError(std::string(operation) + ": stored rows do not decode"));
}

void ThrowCorruptClosure(const char* operation) {
  throw TaskError(absl::DataLossError(std::string(operation) + ": the function's fields do not decode"));
}

}  // namespace millstream::exec
