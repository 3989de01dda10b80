#include <millstream/exec/slice_writer.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace millstream::exec {
namespace {

constexpr size_t kFirstBytes = 256;

}  // namespace

SliceWriter::~SliceWriter() { std::free(data_); }

SliceWriter::SliceWriter(SliceWriter&& other) noexcept : slice_bytes_(other.slice_bytes_) { Swap(other); }

SliceWriter& SliceWriter::operator=(SliceWriter&& other) noexcept {
  Swap(other);
  return *this;
}

void SliceWriter::Swap(SliceWriter& other) {
  std::swap(slice_bytes_, other.slice_bytes_);
  std::swap(data_, other.data_);
  std::swap(used_, other.used_);
  std::swap(limit_, other.limit_);
  std::swap(capacity_, other.capacity_);
  std::swap(filled_one_, other.filled_one_);
  std::swap(finished_, other.finished_);
}

void SliceWriter::Grow(size_t size) {
  if (used_ > 0 && used_ + size > slice_bytes_) {
    FinishSlice();
    filled_one_ = true;
  }
  size_t capacity = std::max(kFirstBytes, capacity_ * 4);
  // After a full slice the next is likely to fill as well.
  if (filled_one_ || capacity > slice_bytes_) capacity = slice_bytes_;
  capacity = std::max(capacity, used_ + size);
  char* data = static_cast<char*>(std::realloc(data_, capacity));
  if (data == nullptr) throw std::bad_alloc();
  data_ = data;
  capacity_ = capacity;
  limit_ = std::min(capacity, slice_bytes_);
}

void SliceWriter::FinishSlice() {
  if (used_ == 0) return;
  // What is left over is given back where it is worth the call.
  if (capacity_ - used_ > capacity_ / 8) {
    if (char* fitted = static_cast<char*>(std::realloc(data_, used_))) data_ = fitted;
  }
  std::shared_ptr<const void> owner(data_, [](void* data) { std::free(data); });
  finished_.push_back({std::move(owner), {data_, used_}});
  data_ = nullptr;
  used_ = 0;
  limit_ = 0;
  capacity_ = 0;
}

Slices SliceWriter::Take() {
  FinishSlice();
  return TakeFinished();
}

}  // namespace millstream::exec
