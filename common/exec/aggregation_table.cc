#include <millstream/exec/aggregation_table.h>
#include <millstream/exec/encoder.h>
#include <millstream/exec/hash.h>

#include <algorithm>
#include <cstring>

namespace millstream::exec {
namespace {

constexpr size_t kFirstCapacity = 128;
constexpr uint32_t kFirstPositionMask = 16 * Arena::kChunkPositions - 1;
constexpr size_t kFastGrowth = size_t{1} << 14;  // Below, the index grows by four instead of two.
constexpr size_t kBatchGroup = 32;               // Keys whose cache misses overlap.
constexpr uint32_t kFirstGroupBlock = 16;
constexpr uint32_t kLargestGroupBlock = 4096;

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
      capacity_(kFirstCapacity),
      entries_(std::max<size_t>(type.align, 32)),
      groups_(8) {}

AggregationTable::~AggregationTable() { DestroySlots(); }

void AggregationTable::Upsert(std::span<const std::string_view> keys, void** slots, uint8_t* inserted) {
  uint64_t hashes[kBatch];
  HashKeys(keys.data(), keys.size(), hashes);
  Upsert(keys, hashes, slots, inserted);
}

void AggregationTable::Upsert(std::span<const std::string_view> keys, const uint64_t* hashes, void** slots,
                              uint8_t* inserted) {
  // A pipeline over groups of keys: while one is compared, the entries of the next and the index lines of the
  // one after that are on their way from memory.
  char* candidates[2 * kBatchGroup];
  const auto find_candidates = [&](size_t begin, size_t end, size_t half) {
    index_.FindEntries(entries_.positions(), hashes + begin, end - begin, candidates + half);
  };
  if (grow_at_ == 0) Grow();
  index_.Prefetch(hashes, std::min(2 * kBatchGroup, keys.size()));
  find_candidates(0, std::min(kBatchGroup, keys.size()), 0);
  std::memset(inserted, 0, keys.size());
  const size_t key_offset = key_offset_, slot_offset = slot_offset_;
  for (size_t begin = 0, half = 0; begin < keys.size(); begin += kBatchGroup, half ^= kBatchGroup) {
    const size_t end = std::min(begin + kBatchGroup, keys.size());
    const size_t next_end = std::min(end + kBatchGroup, keys.size());
    if (count_ + kBatchGroup > grow_at_) Grow();
    index_.Prefetch(hashes + next_end, std::min(kBatchGroup, keys.size() - next_end));
    find_candidates(end, next_end, half ^ kBatchGroup);
    for (size_t i = begin; i < end; ++i) {
      char* entry = candidates[half + i - begin];
      if (entry == nullptr || !HasKey(entry, key_offset, keys[i])) {
        entry = FindOrInsert(keys[i], hashes[i], inserted[i]);
      }
      slots[i] = entry + slot_offset;
    }
  }
}

[[gnu::noinline]] char* AggregationTable::FindOrInsert(std::string_view key, uint64_t hash,
                                                       uint8_t& inserted) {
  const Arena::Positions positions = entries_.positions();
  const auto is_it = [&](uint32_t position) { return HasKey(positions.At(position), key_offset_, key); };
  if (const auto found = index_.Find(hash, is_it)) return positions.At(*found);
  char* const entry = entries_.Allocate(EntrySize(key.size()));
  const uint32_t size = static_cast<uint32_t>(key.size());
  std::memcpy(entry, &hash, sizeof(hash));
  std::memcpy(entry + key_offset_ - sizeof(size), &size, sizeof(size));
  CopyShort(entry + key_offset_, key.data(), key.size());
  ++count_;
  inserted = 1;
  if (index_.position_mask() < entries_.end_position()) {
    Reindex(capacity_);
  } else {
    index_.Add(hash, entries_.LastPosition(entry));
  }
  return entry;
}

void AggregationTable::Grow() {
  Reindex(grow_at_ == 0 ? capacity_ : capacity_ * (capacity_ < kFastGrowth ? 4 : 2));
}

void AggregationTable::Reindex(size_t capacity) {
  uint32_t position_mask = std::max(index_.position_mask(), kFirstPositionMask);
  while (position_mask < entries_.end_position()) position_mask = position_mask * 2 + 1;
  capacity_ = capacity;
  grow_at_ = 0;
  index_.Reset(capacity, position_mask);
  grow_at_ = capacity / 16 * 13;
  for (size_t chunk = 0; chunk < entries_.chunk_count(); ++chunk) {
    const Arena::Chunk entries = entries_.chunk(chunk);
    for (size_t offset = 0; offset < entries.used;) {
      const TableEntry entry = EntryAt(entries.data + offset);
      index_.Add(entry.hash, entries_.Position(chunk, offset));
      offset += entries_.Rounded(EntrySize(entry.key.size()));
    }
  }
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
  return entries_.allocated() + groups_.allocated() + charged_ + index_.capacity() * sizeof(uint32_t) +
         sorted_.capacity() * sizeof(SortedEntry);
}

std::span<AggregationTable::SortedEntry> AggregationTable::Sort() {
  index_.Release();
  grow_at_ = 0;
  sorted_.reserve(count_);
  ForEach([&](const TableEntry& entry) {
    sorted_.push_back({entry.hash, static_cast<const char*>(entry.slot) - slot_offset_});
  });
  std::sort(sorted_.begin(), sorted_.end(), [this](const SortedEntry& a, const SortedEntry& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    return Entry(a).key < Entry(b).key;
  });
  return sorted_;
}

void AggregationTable::Clear() {
  DestroySlots();
  ClearDestroyed();
}

void AggregationTable::ClearDestroyed() {
  entries_.Clear();
  groups_.Clear();
  index_.Clear();
  sorted_ = {};
  count_ = 0;
  charged_ = 0;
}

}  // namespace millstream::exec
