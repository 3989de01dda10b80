// Counts words: open addressing with linear probing, in slots of half a cache line that hold all a word of up
// to 16 bytes is compared by. Single-threaded.
#ifndef MILLSTREAM_BENCH_REFERENCE_WORD_TABLE_H_
#define MILLSTREAM_BENCH_REFERENCE_WORD_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace millstream::bench {

class WordTable {
 public:
  // Bytes behind the end of a word that Add() may read (and ignore).
  static constexpr size_t kPadding = 16;

  // A word as the table looks for it. `text` is viewed.
  struct Key {
    std::string_view text;
    uint64_t low;  // the first 8 bytes of a word of up to 16, zeros where it has none; a hash of a longer one
    uint64_t high;  // the last 8 bytes; 0 if there are no more than 8
    uint64_t hash;
  };

  WordTable() : slots_(kInitialSlots), arena_(kPadding) {}

  size_t size() const { return size_; }

  // The bytes of `word`, which is not empty, must be followed by kPadding readable ones.
  static Key KeyOf(std::string_view word) {
    const char* p = word.data();
    size_t left = word.size();
    uint64_t low = 0;
    for (; left > 16; left -= 8, p += 8) low = Mix(low ^ Load(p), 0x9e3779b97f4a7c15);
    low ^= left < 8 ? Load(p) & Mask(left) : Load(p);
    const uint64_t high = left <= 8 ? 0 : Load(p + left - 8);
    return {word, low, high, Mix(low ^ 0xa0761d6478bd642f ^ word.size(), high ^ 0xe7037ed1a0b428db)};
  }

  // Starts to load what Add(key) will look at first.
  void Prefetch(const Key& key) const { __builtin_prefetch(&slots_[key.hash >> shift_]); }

  void Add(const Key& key, uint64_t count) {
    for (size_t i = key.hash >> shift_;; i = (i + 1) & (slots_.size() - 1)) {
      Slot& slot = slots_[i];
      if (slot.low == key.low && slot.high == key.high && slot.length == key.text.size() &&
          SameText(slot, key)) {
        slot.count += count;
        return;
      }
      if (slot.count == 0) {
        Insert(slot, key, count);
        return;
      }
    }
  }

  // Calls visit(word, count) for each word; the bytes of `word` are followed by kPadding readable ones.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    for (const Slot& slot : slots_) {
      if (slot.count != 0) visit(std::string_view(&arena_[slot.text], slot.length), slot.count);
    }
  }

  // Forgets all words and keeps the memory.
  void Clear() {
    std::memset(slots_.data(), 0, slots_.size() * sizeof(Slot));
    arena_.resize(kPadding);
    size_ = 0;
  }

 private:
  struct alignas(32) Slot {
    uint64_t low;
    uint64_t high;
    uint64_t count;  // 0: the slot is free
    uint32_t text;   // offset in arena_
    uint32_t length;
  };

  static constexpr size_t kInitialSlots = 4096;
  static constexpr int kInitialShift = 64 - 12;

  static uint64_t Load(const char* from) {
    uint64_t bytes;
    std::memcpy(&bytes, from, sizeof(bytes));
    return bytes;
  }

  static uint64_t Mix(uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }

  static uint64_t Mask(size_t bytes) { return (uint64_t{1} << 8 * bytes) - 1; }  // 1 to 7

  bool SameText(const Slot& slot, const Key& key) const {
    return slot.length <= 16 || std::memcmp(&arena_[slot.text], key.text.data(), slot.length) == 0;
  }

  void Insert(Slot& slot, const Key& key, uint64_t count) {
    const size_t text = arena_.size() - kPadding;
    arena_.resize(arena_.size() + key.text.size());
    std::memcpy(&arena_[text], key.text.data(), key.text.size());
    slot = {key.low, key.high, count, static_cast<uint32_t>(text), static_cast<uint32_t>(key.text.size())};
    if (++size_ * 2 > slots_.size()) Grow();
  }

  void Grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    --shift_;
    for (const Slot& slot : old) {
      if (slot.count == 0) continue;
      size_t i = KeyOf({&arena_[slot.text], slot.length}).hash >> shift_;
      while (slots_[i].count != 0) i = (i + 1) & (slots_.size() - 1);
      slots_[i] = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::vector<char> arena_;  // texts end to end, then kPadding bytes
  size_t size_ = 0;
  int shift_ = kInitialShift;  // key.hash >> shift_ is the first slot to look at
};

}  // namespace millstream::bench

#endif  // MILLSTREAM_BENCH_REFERENCE_WORD_TABLE_H_
