#include "executor/receivers/line_blocks.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace millstream::executor {
namespace {

// A smaller block is copied out, so that it does not pin a whole slab.
constexpr size_t kWorthASlab = exec::kSliceBytes / 8 * 7;

// One past the last line end in data[begin, end), 0 if there is none.
size_t LastLineEnd(const char* data, size_t begin, size_t end) {
  const void* at = memrchr(data + begin, '\n', end - begin);
  return at == nullptr ? 0 : static_cast<size_t>(static_cast<const char*>(at) - data) + 1;
}

// One past the first line end in data[begin, end), 0 if there is none.
size_t FirstLineEnd(const char* data, size_t begin, size_t end) {
  const void* at = std::memchr(data + begin, '\n', end - begin);
  return at == nullptr ? 0 : static_cast<size_t>(static_cast<const char*>(at) - data) + 1;
}

}  // namespace

LineBlocks::LineBlocks(SlabPool& slabs, exec::MemoryBudget* memory, size_t max_record_bytes, Emit emit)
    : slabs_(slabs), max_record_bytes_(max_record_bytes), emit_(std::move(emit)), reservation_(memory) {
  StartSlab({});
}

void LineBlocks::StartSlab(std::string_view content) {
  std::shared_ptr<char> slab = slabs_.TakeSlab();
  std::copy(content.begin(), content.end(), slab.get());
  buffer_ = std::move(slab);
  capacity_ = exec::kSliceBytes;
  used_ = content.size();
  reservation_.Resize(0);
}

std::span<char> LineBlocks::Space() {
  return {buffer_.get() + used_, std::min(capacity_ - used_, exec::kSliceBytes)};
}

void LineBlocks::Filled(size_t size) {
  const size_t begin = used_;
  used_ += size;
  if (skipping_) {
    SkipLongRecord();
  } else if (capacity_ > exec::kSliceBytes) {
    FillLongRecord(begin);
  } else {
    FillSlab();
  }
}

void LineBlocks::FillSlab() {
  if (used_ < capacity_) return;
  Cut();
  if (used_ == capacity_) Grow();
}

void LineBlocks::FillLongRecord(size_t begin) {
  const size_t end = FirstLineEnd(buffer_.get(), begin, used_);
  if (end == 0) {
    DropLongRest();
    if (used_ == capacity_) Grow();
    return;
  }
  const std::shared_ptr<char> record = buffer_;
  const size_t used = used_;
  StartSlab({record.get() + end, used - end});
  if (end - 1 > max_record_bytes_) {
    ++dropped_;
  } else {
    emit_({record, {record.get(), end}});
  }
}

void LineBlocks::SkipLongRecord() {
  const size_t end = FirstLineEnd(buffer_.get(), 0, used_);
  if (end == 0) {
    used_ = 0;
    return;
  }
  skipping_ = false;
  used_ -= end;
  std::memmove(buffer_.get(), buffer_.get() + end, used_);
}

void LineBlocks::Cut() {
  if (skipping_ || capacity_ > exec::kSliceBytes) return;
  if (const size_t end = LastLineEnd(buffer_.get(), 0, used_)) CutAt(end);
  DropLongRest();
}

void LineBlocks::CutAt(size_t end) {
  const size_t kept = WithoutLongRecords(end);
  const std::string_view rest(buffer_.get() + end, used_ - end);
  if (kept >= kWorthASlab) {
    const std::shared_ptr<char> slab = buffer_;
    StartSlab(rest);
    emit_({slab, {slab.get(), kept}});
    return;
  }
  exec::Bytes block;
  if (kept > 0) {
    const std::shared_ptr<char[]> copy = std::make_shared_for_overwrite<char[]>(kept);
    std::memcpy(copy.get(), buffer_.get(), kept);
    block = {copy, {copy.get(), kept}};
  }
  used_ = rest.size();
  std::memmove(buffer_.get(), rest.data(), rest.size());
  if (kept > 0) emit_(std::move(block));
}

// Closes the gaps that too long records leave in [0, end). Jumps from line end to line end, as far apart as
// allowed.
size_t LineBlocks::WithoutLongRecords(size_t end) {
  if (end <= max_record_bytes_) return end;
  char* const data = buffer_.get();
  size_t kept = 0;
  for (size_t at = 0; at < end;) {
    const size_t window = std::min(end, at + max_record_bytes_ + 1);
    const size_t next = LastLineEnd(data, at, window);
    if (next != 0) {
      std::memmove(data + kept, data + at, next - at);
      kept += next - at;
      at = next;
    } else {
      at = FirstLineEnd(data, window, end);
      ++dropped_;
    }
  }
  return kept;
}

// The line that has begun is too long already.
void LineBlocks::DropLongRest() {
  if (used_ <= max_record_bytes_) return;
  ++dropped_;
  skipping_ = true;
  if (capacity_ > exec::kSliceBytes) StartSlab({});
  used_ = 0;
}

void LineBlocks::Grow() {
  const size_t most = max_record_bytes_ + 1 + exec::kSliceBytes;
  const size_t capacity = std::min(std::max(most, used_ + 1), capacity_ * 2);
  reservation_.Resize(capacity);  // a refusal changes nothing: the record must be read to its end
  std::shared_ptr<char> buffer = slabs_.Take(capacity);
  std::memcpy(buffer.get(), buffer_.get(), used_);
  buffer_ = std::move(buffer);
  capacity_ = capacity;
}

void LineBlocks::End() {
  if (!skipping_ && capacity_ == exec::kSliceBytes && used_ > 0) {
    if (const size_t end = LastLineEnd(buffer_.get(), 0, used_)) CutAt(end);
  }
  DropLongRest();
  if (!skipping_ && used_ > 0) {
    const std::shared_ptr<char> record = buffer_;
    const size_t size = used_;
    StartSlab({});
    emit_({record, {record.get(), size}});
  }
  Forget();
}

void LineBlocks::Forget() {
  if (capacity_ > exec::kSliceBytes) StartSlab({});
  used_ = 0;
  skipping_ = false;
}

uint64_t LineBlocks::TakeDropped() { return std::exchange(dropped_, 0); }

}  // namespace millstream::executor
