#include <millstream/exec/slice_writer.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace millstream::exec {
namespace {

constexpr size_t kFirstBytes = 256;

}  // namespace

void SliceWriter::Grow(size_t size) {
  if (used_ > 0 && used_ + size > slice_bytes_) {
    FinishSlice();
    filled_one_ = true;
  }
  size_t capacity = std::max(kFirstBytes, memory_.size() * 4);
  // After a full slice the next is likely to fill as well.
  if (filled_one_ || capacity > slice_bytes_) capacity = slice_bytes_;
  RecycledMemory larger(std::max(capacity, used_ + size));
  if (used_ > 0) std::memcpy(larger.data(), memory_.data(), used_);
  memory_ = std::move(larger);
  limit_ = std::min(memory_.size(), slice_bytes_);
}

void SliceWriter::FinishSlice() {
  if (used_ == 0) return;
  // What is left over is given back where it is worth the call.
  if (memory_.size() - used_ > memory_.size() / 4) memory_.Shrink(used_);
  auto owner = std::make_shared<const RecycledMemory>(std::exchange(memory_, {}));
  const char* const data = owner->data();
  finished_.push_back({std::move(owner), {data, used_}});
  used_ = 0;
  limit_ = 0;
}

Slices SliceWriter::Take() {
  FinishSlice();
  return TakeFinished();
}

}  // namespace millstream::exec
