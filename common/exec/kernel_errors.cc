#include <millstream/exec/narrow_kernels.h>
#include <millstream/exec/operator.h>
#include <millstream/exec/row_kernels.h>
#include <millstream/exec/shuffle_kernels.h>

#include <string>

namespace millstream::exec {

bool IsPoison(const char* text, size_t size) {
  if (size == 0) return false;
  for (size_t i = 0; i < size; ++i) {
    if (text[i] != kPoison) return false;
  }
  return true;
}

void ThrowKeptView(const char* operation) {
  throw TaskError(
      absl::FailedPreconditionError(std::string(operation) +
                                    " yields a view of a row that was consumed before. A std::string_view is "
                                    "valid until the next row is read: keep a "
                                    "std::string"));
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

bool KeyedInput::Next(size_t& count) {
  for (;;) {
    count = reader_.Next(keys_, values_, AggregationTable::kBatch);
    if (count > 0) return true;
    if (!reader_.status().ok()) ThrowCorruptRows(operation_);
    if (!slices_->Next(slice_)) return false;
    reader_ = KeyedRecordReader(slice_.view, extent_);
  }
}

}  // namespace millstream::exec
