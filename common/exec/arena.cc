#include <millstream/exec/arena.h>

#include <algorithm>

namespace millstream::exec {
namespace {

constexpr size_t kFirstChunk = 1024;
constexpr size_t kLargestChunk = size_t{1} << 20;  // But for one larger allocation. All of it has positions.
static_assert(kLargestChunk <= Arena::kChunkPositions * size_t{32});
constexpr size_t kReadable = 64;  // Behind the last allocation of a chunk.

}  // namespace

Arena::Chunk Arena::chunk(size_t index) const {
  const OwnedChunk& chunk = chunks_[index];
  char* const data = chunk.memory.data();
  return {data, index + 1 == chunks_.size() ? static_cast<size_t>(next_ - data) : chunk.used, chunk.capacity};
}

void Arena::AddChunk(size_t size) {
  if (!chunks_.empty()) chunks_.back().used = static_cast<size_t>(next_ - chunks_.back().memory.data());
  const size_t regular =
      chunks_.empty() ? kFirstChunk : std::min(kLargestChunk, std::max(kFirstChunk, allocated_));
  const size_t bytes = std::max(regular, (size + kReadable + 63) & ~size_t{63});
  chunks_.push_back({RecycledMemory(bytes), 0, bytes - kReadable});
  allocated_ += bytes;
  next_ = chunks_.back().memory.data();
  // Behind an allocation that is larger than a chunk's positions there is nothing more.
  end_ = next_ + std::max(size, std::min(chunks_.back().capacity, kLargestChunk));
}

void Arena::Clear() {
  used_ = 0;
  allocated_ = 0;
  next_ = end_ = nullptr;
  std::erase_if(chunks_, [](const OwnedChunk& chunk) { return chunk.memory.size() > kLargestChunk; });
  if (chunks_.empty()) return;
  const auto largest =
      std::max_element(chunks_.begin(), chunks_.end(),
                       [](const OwnedChunk& a, const OwnedChunk& b) { return a.capacity < b.capacity; });
  std::iter_swap(chunks_.begin(), largest);
  chunks_.erase(chunks_.begin() + 1, chunks_.end());
  next_ = chunks_[0].memory.data();
  end_ = next_ + chunks_[0].capacity;
  allocated_ = chunks_[0].memory.size();
}

}  // namespace millstream::exec
