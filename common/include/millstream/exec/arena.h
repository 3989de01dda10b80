#ifndef MILLSTREAM_EXEC_ARENA_H_
#define MILLSTREAM_EXEC_ARENA_H_

#include <millstream/exec/recycled_memory.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millstream::exec {

// Memory handed out front to back and given back all at once. Addresses never move. Not thread-safe.
class Arena {
 public:
  // Allocations follow one another in `data`, in order, from 0 to `used`.
  struct Chunk {
    char* data;
    size_t used;
    size_t capacity;
  };

  // `alignment`: of every allocation; a power of two, at most 64.
  explicit Arena(size_t alignment) : alignment_(alignment), shift_(std::countr_zero(alignment)) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // `size` is rounded up to the alignment. 64 bytes past its end are readable.
  char* Allocate(size_t size) {
    size = Rounded(size);
    if (static_cast<size_t>(end_ - next_) < size) AddChunk(size);
    char* at = next_;
    next_ += size;
    used_ += size;
    return at;
  }

  // The bytes that Allocate(size) takes.
  size_t Rounded(size_t size) const { return (size + alignment_ - 1) & ~(alignment_ - 1); }

  // Forgets every allocation; keeps the largest chunk up to 1 MiB for reuse.
  void Clear();

  // Bytes handed out; depends only on the allocations made since Clear.
  size_t used() const { return used_; }
  // Bytes taken from the system.
  size_t allocated() const { return allocated_; }
  // In order of allocation.
  size_t chunk_count() const { return chunks_.size(); }
  Chunk chunk(size_t index) const;

  // Allocations by number, if the alignment is 32 or 64: each chunk has kChunkPositions of them to itself,
  // which is 1 MiB at least; a larger allocation has a chunk of its own.
  static constexpr uint32_t kChunkPositions = uint32_t{1} << 15;
  uint32_t Position(size_t chunk, size_t offset) const {
    return static_cast<uint32_t>(chunk * kChunkPositions + (offset >> shift_));
  }
  class Positions;
  Positions positions() const;
  // Of an allocation in the last chunk.
  uint32_t LastPosition(const char* at) const {
    return Position(chunks_.size() - 1, static_cast<size_t>(at - chunks_.back().memory.data()));
  }
  // All positions are below.
  size_t end_position() const { return chunks_.size() * kChunkPositions; }

 private:
  struct OwnedChunk {
    RecycledMemory memory;
    size_t used;
    size_t capacity;
  };

  void AddChunk(size_t size);

  const size_t alignment_;
  const int shift_;
  char* next_ = nullptr;
  char* end_ = nullptr;
  size_t used_ = 0;
  size_t allocated_ = 0;
  std::vector<OwnedChunk> chunks_;  // The last one's `used` is stale: next_ tells.
};

// The addresses of an arena's positions as they are until the next Allocate or Clear.
class Arena::Positions {
 public:
  explicit Positions(const Arena& arena) : chunks_(arena.chunks_.data()), shift_(arena.shift_) {}
  char* At(uint32_t position) const {
    return chunks_[position / kChunkPositions].memory.data() + (size_t{position % kChunkPositions} << shift_);
  }

 private:
  const OwnedChunk* chunks_;
  int shift_;
};

inline Arena::Positions Arena::positions() const { return Positions(*this); }

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_ARENA_H_
