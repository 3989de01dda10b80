#include <millstream/exec/aggregation_table.h>
#include <millstream/exec/hash.h>

#include <algorithm>
#include <cstdlib>

namespace millstream::exec {
namespace {

constexpr size_t kFirstIndex = 128;
constexpr size_t kFastGrowth = size_t{1} << 14;  // Below, the index grows by four instead of two.
constexpr uint64_t kTagMask = 0xffff000000000000;
constexpr size_t kGroup = 32;  // Keys whose cache misses overlap.
constexpr uint32_t kFirstGroupBlock = 16;
constexpr uint32_t kLargestGroupBlock = 4096;

// Bits 32 to 47 of the hash: neither those of the position in the index nor, as keys of one partition share
// them, those of the hash slot.
uint64_t Tag(uint64_t hash) { return hash << 16 & kTagMask; }

char* Address(uint64_t index_word) { return reinterpret_cast<char*>(index_word & ~kTagMask); }

uint64_t IndexWord(uint64_t hash, const char* entry) { return Tag(hash) | reinterpret_cast<uint64_t>(entry); }

template <class Word>
Word Load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

template <class Word>
bool SameEnds(const char* a, const char* b, size_t size) {
  return ((Load<Word>(a) ^ Load<Word>(b)) |
          (Load<Word>(a + size - sizeof(Word)) ^ Load<Word>(b + size - sizeof(Word)))) == 0;
}

[[gnu::noinline]] bool SameLongBytes(const char* a, const char* b, size_t size) {
  return std::memcmp(a, b, size) == 0;
}

[[gnu::always_inline]] inline bool SameBytes(const char* a, const char* b, size_t size) {
  if (size > 16) return SameLongBytes(a, b, size);
  if (size >= 8) return SameEnds<uint64_t>(a, b, size);
  if (size >= 4) return SameEnds<uint32_t>(a, b, size);
  if (size == 0) return true;
  return a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1];
}

// `key_offset`: of the key within `entry`.
[[gnu::always_inline]] inline bool HasKey(const char* entry, size_t key_offset, std::string_view key) {
  return Load<uint32_t>(entry + key_offset - sizeof(uint32_t)) == key.size() &&
         SameBytes(entry + key_offset, key.data(), key.size());
}

size_t RoundUp(size_t size, size_t alignment) { return (size + alignment - 1) & ~(alignment - 1); }

}  // namespace

SlotType GroupSlotType() { return {.size = sizeof(GroupList), .align = alignof(GroupList)}; }

AggregationTable::AggregationTable(const SlotType& type)
    : type_(type),
      slot_offset_(RoundUp(sizeof(uint64_t), type.align)),
      key_offset_(RoundUp(slot_offset_ + type.size, sizeof(uint32_t)) + sizeof(uint32_t)),
      entries_(std::max<size_t>(type.align, 32)),
      groups_(8) {}

AggregationTable::~AggregationTable() {
  DestroySlots();
  std::free(index_);
}

void AggregationTable::Upsert(std::span<const std::string_view> keys, void** slots, uint8_t* inserted) {
  uint64_t hashes[kBatch];
  HashKeys(keys.data(), keys.size(), hashes);
  Upsert(keys, hashes, slots, inserted);
}

void AggregationTable::Upsert(std::span<const std::string_view> keys, const uint64_t* hashes, void** slots,
                              uint8_t* inserted) {
  // A pipeline over groups of keys: while one is compared, the entries of the next and the index lines of the
  // one after that are on their way from memory.
  uint64_t words[kBatch];
  if (index_ == nullptr) Grow();
  PrefetchIndex(hashes, std::min(2 * kGroup, keys.size()));
  FindCandidates(hashes, std::min(kGroup, keys.size()), words);
  const size_t key_offset = key_offset_, slot_offset = slot_offset_;
  for (size_t begin = 0; begin < keys.size(); begin += kGroup) {
    const size_t end = std::min(begin + kGroup, keys.size());
    const size_t next_end = std::min(end + kGroup, keys.size());
    if (count_ + kGroup > grow_at_) Grow();
    PrefetchIndex(hashes + next_end, std::min(kGroup, keys.size() - next_end));
    FindCandidates(hashes + end, next_end - end, words + end);
    for (size_t i = begin; i < end; ++i) {
      char* entry = Address(words[i]);
      bool is_new = false;
      if (words[i] == 0 || !HasKey(entry, key_offset, keys[i])) {
        is_new = FindOrInsert(keys[i], hashes[i], entry);
      }
      inserted[i] = is_new;
      slots[i] = entry + slot_offset;
    }
  }
}

void AggregationTable::PrefetchIndex(const uint64_t* hashes, size_t count) const {
  for (size_t i = 0; i < count; ++i) __builtin_prefetch(&index_[hashes[i] & mask_]);
}

void AggregationTable::FindCandidates(const uint64_t* hashes, size_t count, uint64_t* words) const {
  const size_t mask = mask_;
  const uint64_t* const index = index_;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t tag = Tag(hashes[i]);
    size_t at = hashes[i] & mask;
    uint64_t word = index[at];
    while (((word ^ tag) & kTagMask) != 0 && word != 0) {
      at = (at + 1) & mask;
      word = index[at];
    }
    words[i] = word;
    __builtin_prefetch(Address(word));
  }
}

[[gnu::noinline]] bool AggregationTable::FindOrInsert(std::string_view key, uint64_t hash, char*& entry) {
  for (size_t at = hash & mask_;; at = (at + 1) & mask_) {
    const uint64_t word = index_[at];
    if (word == 0) {
      entry = Insert(hash, key);
      index_[at] = IndexWord(hash, entry);
      return true;
    }
    entry = Address(word);
    if ((word & kTagMask) == Tag(hash) && HasKey(entry, key_offset_, key)) return false;
  }
}

char* AggregationTable::Insert(uint64_t hash, std::string_view key) {
  char* entry = entries_.Allocate(EntrySize(key.size()));
  const uint32_t size = static_cast<uint32_t>(key.size());
  std::memcpy(entry, &hash, sizeof(hash));
  std::memcpy(entry + key_offset_ - sizeof(size), &size, sizeof(size));
  std::copy_n(key.data(), key.size(), entry + key_offset_);
  ++count_;
  return entry;
}

void AggregationTable::Grow() {
  const size_t old_capacity = index_ == nullptr ? 0 : mask_ + 1;
  const size_t capacity =
      old_capacity == 0 ? kFirstIndex : old_capacity * (old_capacity < kFastGrowth ? 4 : 2);
  std::free(index_);
  index_ = static_cast<uint64_t*>(std::calloc(capacity, sizeof(uint64_t)));
  if (index_ == nullptr) throw std::bad_alloc();
  mask_ = capacity - 1;
  grow_at_ = capacity / 2;
  ForEach([this](const TableEntry& entry) {
    size_t at = entry.hash & mask_;
    while (index_[at] != 0) at = (at + 1) & mask_;
    index_[at] = IndexWord(entry.hash, static_cast<char*>(entry.slot) - slot_offset_);
  });
}

void AggregationTable::AppendValue(void* slot, std::string_view encoded, uint64_t values) {
  GroupList& list = *static_cast<GroupList*>(slot);
  const uint32_t size = static_cast<uint32_t>(encoded.size());
  if (list.last == nullptr || list.last->capacity - list.last->used < size) {
    const uint32_t next = list.last == nullptr ? kFirstGroupBlock
                                               : std::min(std::max(list.last->capacity, kFirstGroupBlock) * 2,
                                                          kLargestGroupBlock);
    const uint32_t capacity = static_cast<uint32_t>(RoundUp(std::max(size, next), 8));
    auto* block = reinterpret_cast<GroupBlock*>(groups_.Allocate(sizeof(GroupBlock) + capacity));
    *block = {.next = nullptr, .used = 0, .capacity = capacity};
    (list.last == nullptr ? list.first : list.last->next) = block;
    list.last = block;
  }
  std::copy_n(encoded.data(), encoded.size(), list.last->data() + list.last->used);
  list.last->used += size;
  list.values += values;
}

TableEntry AggregationTable::EntryAt(char* entry) const {
  const size_t key_size = Load<uint32_t>(entry + key_offset_ - sizeof(uint32_t));
  return {Load<uint64_t>(entry), {entry + key_offset_, key_size}, entry + slot_offset_};
}

size_t AggregationTable::Scan(ScanPosition& position, TableEntry* out, size_t capacity) const {
  size_t count = 0;
  for (; position.chunk < entries_.chunk_count(); ++position.chunk, position.offset = 0) {
    const Arena::Chunk chunk = entries_.chunk(position.chunk);
    while (position.offset < chunk.used) {
      if (count == capacity) return count;
      char* entry = chunk.data + position.offset;
      out[count] = EntryAt(entry);
      position.offset += entries_.Rounded(EntrySize(out[count].key.size()));
      ++count;
    }
  }
  return count;
}

void AggregationTable::DestroySlots() {
  if (type_.destroy == nullptr) return;
  ForEach([this](const TableEntry& entry) { type_.destroy(entry.slot); });
}

size_t AggregationTable::allocated_bytes() const {
  return entries_.allocated() + groups_.allocated() + charged_ +
         (index_ == nullptr ? 0 : (mask_ + 1) * sizeof(uint64_t));
}

std::span<AggregationTable::SortedEntry> AggregationTable::Sort() {
  static_assert(sizeof(SortedEntry) == 2 * sizeof(uint64_t));  // The index is at most half full.
  auto* sorted = reinterpret_cast<SortedEntry*>(index_);
  size_t count = 0;
  ForEach([&](const TableEntry& entry) {
    sorted[count++] = {entry.hash, static_cast<const char*>(entry.slot) - slot_offset_};
  });
  std::sort(sorted, sorted + count, [this](const SortedEntry& a, const SortedEntry& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    return Entry(a).key < Entry(b).key;
  });
  return {sorted, count};
}

void AggregationTable::Clear() {
  DestroySlots();
  ClearDestroyed();
}

void AggregationTable::ClearDestroyed() {
  entries_.Clear();
  groups_.Clear();
  if (index_ != nullptr) std::memset(index_, 0, (mask_ + 1) * sizeof(uint64_t));
  count_ = 0;
  charged_ = 0;
}

}  // namespace millstream::exec
