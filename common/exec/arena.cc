#include <millstream/exec/arena.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace millstream::exec {
namespace {

constexpr size_t kFirstChunk = 1024;
constexpr size_t kLargestChunk = size_t{1} << 20;
constexpr size_t kReadable = 64;  // Behind the last allocation of a chunk.

}  // namespace

Arena::~Arena() {
  for (const Chunk& chunk : chunks_) std::free(chunk.data);
}

Arena::Chunk Arena::chunk(size_t index) const {
  Chunk chunk = chunks_[index];
  if (index + 1 == chunks_.size()) chunk.used = static_cast<size_t>(next_ - chunk.data);
  return chunk;
}

void Arena::AddChunk(size_t size) {
  if (!chunks_.empty()) chunks_.back().used = static_cast<size_t>(next_ - chunks_.back().data);
  const size_t regular =
      chunks_.empty() ? kFirstChunk : std::min(kLargestChunk, std::max(kFirstChunk, allocated_));
  const size_t capacity = std::max(size, regular - kReadable);
  const size_t bytes = (capacity + kReadable + 63) & ~size_t{63};
  char* data = static_cast<char*>(std::aligned_alloc(alignment_ > 16 ? 64 : 16, bytes));
  if (data == nullptr) throw std::bad_alloc();
  chunks_.push_back({data, 0, capacity});
  allocated_ += bytes;
  next_ = data;
  end_ = data + capacity;
}

void Arena::Clear() {
  used_ = 0;
  if (chunks_.empty()) return;
  auto largest = std::max_element(chunks_.begin(), chunks_.end(),
                                  [](const Chunk& a, const Chunk& b) { return a.capacity < b.capacity; });
  std::iter_swap(chunks_.begin(), largest);
  for (size_t i = 1; i < chunks_.size(); ++i) std::free(chunks_[i].data);
  chunks_.resize(1);
  next_ = chunks_[0].data;
  end_ = next_ + chunks_[0].capacity;
  allocated_ = (chunks_[0].capacity + kReadable + 63) & ~size_t{63};
}

}  // namespace millstream::exec
