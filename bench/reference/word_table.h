// Counts words: open addressing with linear probing, keys in one arena, hashes kept. Single-threaded.
#ifndef MILLSTREAM_BENCH_REFERENCE_WORD_TABLE_H_
#define MILLSTREAM_BENCH_REFERENCE_WORD_TABLE_H_

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace millstream::bench {

class WordTable {
 public:
  // Bytes behind the end of a word that Add() may read (and ignore).
  static constexpr size_t kPadding = 16;

  WordTable() : slots_(kInitialSlots), arena_(kPadding) {}

  size_t size() const { return size_; }

  // Adds `count` to `word`, whose bytes must be followed by kPadding readable ones.
  void Add(std::string_view word, uint64_t count) {
    const uint64_t hash = Hash(word);
    for (size_t i = hash >> shift_;; i = (i + 1) & (slots_.size() - 1)) {
      Slot& slot = slots_[i];
      if (slot.hash == hash && slot.length == word.size() && SameBytes(&arena_[slot.key], word)) {
        slot.count += count;
        return;
      }
      if (slot.count == 0) {
        Insert(slot, hash, word, count);
        return;
      }
    }
  }

  // Calls visit(word, count) for each word; the bytes of `word` are followed by kPadding readable ones.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    for (const Slot& slot : slots_) {
      if (slot.count != 0) visit(std::string_view(&arena_[slot.key], slot.length), slot.count);
    }
  }

  // Forgets all words and keeps the memory.
  void Clear() {
    std::memset(slots_.data(), 0, slots_.size() * sizeof(Slot));
    arena_.resize(kPadding);
    size_ = 0;
  }

 private:
  struct Slot {
    uint64_t hash;
    uint64_t count;  // 0: the slot is free
    uint32_t key;    // offset in arena_
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

  static uint64_t Mask(size_t bytes) { return ~uint64_t{0} >> (64 - 8 * bytes); }  // 1 to 8

  static uint64_t Hash(std::string_view word) {
    const char* p = word.data();
    size_t left = word.size();
    uint64_t hash = left;
    for (; left > 16; left -= 8, p += 8) hash = Mix(hash ^ Load(p), 0x9e3779b97f4a7c15);
    uint64_t low = left <= 8 ? Load(p) & Mask(left) : Load(p);
    uint64_t high = left <= 8 ? 0 : Load(p + left - 8);
    return Mix(low ^ hash ^ 0xa0761d6478bd642f, high ^ 0xe7037ed1a0b428db);
  }

  static bool SameBytes(const char* key, std::string_view word) {
    const char* p = word.data();
    size_t left = word.size();
    for (; left > 8; left -= 8, p += 8, key += 8) {
      if (Load(p) != Load(key)) return false;
    }
    return ((Load(p) ^ Load(key)) & Mask(left)) == 0;
  }

  void Insert(Slot& slot, uint64_t hash, std::string_view word, uint64_t count) {
    const size_t key = arena_.size() - kPadding;
    arena_.resize(arena_.size() + word.size());
    std::memcpy(&arena_[key], word.data(), word.size());
    slot = {hash, count, static_cast<uint32_t>(key), static_cast<uint32_t>(word.size())};
    if (++size_ * 2 > slots_.size()) Grow();
  }

  void Grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    --shift_;
    for (const Slot& slot : old) {
      if (slot.count == 0) continue;
      size_t i = slot.hash >> shift_;
      while (slots_[i].count != 0) i = (i + 1) & (slots_.size() - 1);
      slots_[i] = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::vector<char> arena_;  // keys end to end, then kPadding bytes
  size_t size_ = 0;
  int shift_ = kInitialShift;  // hash >> shift_ is the first slot to look at
};

}  // namespace millstream::bench

#endif  // MILLSTREAM_BENCH_REFERENCE_WORD_TABLE_H_
