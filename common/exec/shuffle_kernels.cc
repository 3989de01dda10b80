#include <millstream/exec/shuffle_kernels.h>

#include <atomic>
#include <utility>

namespace millstream::exec {

KeyedInput::KeyedInput(const char* operation, std::unique_ptr<SliceStream> slices, ValueExtent extent)
    : operation_(operation), slices_(std::move(slices)), extent_(extent), reader_({}, extent) {}

KeyedInput::~KeyedInput() = default;

bool KeyedInput::Next(size_t& count) {
  for (;;) {
    count = reader_.Next(keys_, values_, AggregationTable::kBatch);
    if (count > 0) return true;
    if (!reader_.status().ok()) ThrowCorruptRows(operation_);
    if (!slices_->Next(slice_)) return false;
    reader_ = KeyedRecordReader(slice_.view, extent_);
  }
}

TableReader::TableReader(KernelArgs& args, ValueExtent extent, const SlotType& slot)
    : env_(*args.env),
      operation_(args.operation),
      input_(args.operation, std::move(args.slices), extent),
      table_(slot, {.cap_bytes = env_.table_bytes, .storage = env_.spill, .budget = env_.memory}),
      entries_(env_.chunk_rows) {}

TableReader::~TableReader() = default;

bool TableReader::Next(Chunk& out) {
  env_.operation = operation_;
  if (!loaded_) {
    loaded_ = true;
    size_t count;
    while (input_.Next(count)) {
      if (env_.cancelled != nullptr && env_.cancelled->load(std::memory_order_relaxed)) {
        throw TaskError(absl::CancelledError("the task was cancelled"));
      }
      Take(count);
      ThrowIfError(table_.Settle());
    }
    ThrowIfError(table_.Finish());
  }
  const absl::StatusOr<size_t> count = table_.Next(entries_.data(), entries_.size());
  ThrowIfError(count.status());
  if (*count == 0) return false;
  out = Emit({entries_.data(), *count});
  return true;
}

}  // namespace millstream::exec
