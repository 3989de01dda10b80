#ifndef MILLSTREAM_EXEC_TAGGED_INDEX_H_
#define MILLSTREAM_EXEC_TAGGED_INDEX_H_

#include <millstream/exec/arena.h>
#include <millstream/exec/recycled_memory.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace millstream::exec {

// Words in groups, a group to a cache line. A word is a tag, some bits of a hash, over a position; 0 is free,
// and what follows it in its group is free too.
struct TaggedGroups {
  static constexpr size_t kWords = 16;  // Of a group.

  uint32_t* words = nullptr;
  size_t mask = 0;  // The number of groups, a power of two, less one.
  uint32_t position_mask = 0;

  uint32_t* Group(uint64_t hash) const { return words + (hash & mask) * kWords; }
  // Some bits of the hash and, below them, a 1. The bits, 47 and down, are neither those that choose the
  // group nor, as keys of one partition share them, those of the hash slot.
  uint32_t Tag(uint64_t hash) const {
    return (static_cast<uint32_t>(hash >> 16) & ~position_mask) | (position_mask + 1);
  }
};

// likely[i] = the allocation that the key with hashes[i] is likely to have, on its way from memory; null only
// if it has none. `positions`: of the arena whose positions are in `groups`.
using FindLikely = void (*)(TaggedGroups groups, Arena::Positions positions, const uint64_t* hashes,
                            size_t count, char** likely);
// With the widest vectors that the CPU has.
FindLikely FastestFindLikely();
// For every x86-64.
FindLikely BaselineFindLikely();

// A hash index in 4 bytes per entry: of the positions of an arena, for a table that compares keys itself. The
// group of a key is the first, from that of its hash on, that had a free word when it came. Not thread-safe.
class TaggedIndex {
 public:
  explicit TaggedIndex(FindLikely find_likely = FastestFindLikely()) : find_likely_(find_likely) {}

  // Makes room for `capacity` words, a power of two and at least a group, all free. Positions will be at most
  // `position_mask`, all ones. Throws std::bad_alloc; there is no room then.
  void Reset(size_t capacity, uint32_t position_mask);
  // Frees every word.
  void Clear();
  // Gives the memory back. Without room only Reset, Clear, capacity() and position_mask() may be called.
  void Release();
  // Words, free ones among them.
  size_t capacity() const { return memory_.size() / sizeof(uint32_t); }
  uint32_t position_mask() const { return groups_.position_mask; }

  // One word at least must be free, and stay so.
  void Add(uint64_t hash, uint32_t position);

  // Starts to load what FindEntries looks at.
  void Prefetch(const uint64_t* hashes, size_t count) const {
    for (size_t i = 0; i < count; ++i) __builtin_prefetch(groups_.Group(hashes[i]));
  }
  // As FindLikely says.
  void FindEntries(Arena::Positions positions, const uint64_t* hashes, size_t count, char** entries) const {
    find_likely_(groups_, positions, hashes, count, entries);
  }
  // Of those with this hash, the first position that `is_it` accepts.
  template <class IsIt>
  std::optional<uint32_t> Find(uint64_t hash, IsIt is_it) const {
    for (uint64_t group_hash = hash;; ++group_hash) {
      const uint32_t* const group = groups_.Group(group_hash);
      for (uint32_t matches = Matches(group, hash); matches != 0; matches &= matches - 1) {
        const uint32_t position = group[std::countr_zero(matches)] & groups_.position_mask;
        if (is_it(position)) return position;
      }
      if (group[TaggedGroups::kWords - 1] == 0) return std::nullopt;
    }
  }

 private:
  // Bit i is set if word i of the group has the tag of `hash`.
  uint32_t Matches(const uint32_t* group, uint64_t hash) const;

  const FindLikely find_likely_;
  RecycledMemory memory_;
  TaggedGroups groups_;  // In memory_.
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_TAGGED_INDEX_H_
