#ifndef MILLSTREAM_EXEC_AGGREGATION_TABLE_H_
#define MILLSTREAM_EXEC_AGGREGATION_TABLE_H_

#include <millstream/exec/arena.h>
#include <millstream/exec/tagged_index.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <vector>

namespace millstream::exec {

class Encoder;

// What the byte core must know of the value that stands beside a key. Plain functions, one set per user type.
struct SlotType {
  size_t size = 0;
  size_t align = 1;                                          // At most 64.
  void (*destroy)(void* slot) = nullptr;                     // Null: nothing to do.
  void (*encode)(const void* slot, Encoder& out) = nullptr;  // Appends the value's encoding.
  // Constructs the slot from exactly `bytes`. False: corrupt, nothing was constructed.
  bool (*decode)(std::string_view bytes, void* slot) = nullptr;
  // Folds `from` into `into`; may move from `from`, which stays constructed. May throw (user code).
  void (*merge)(const void* context, void* into, void* from) = nullptr;
  const void* context = nullptr;  // Passed to `merge`; outlives the table.
};

// A slot that collects encoded values in order of arrival (GroupByKey). Construct with `new (slot)
// GroupList{}`, fill with AggregationTable::AppendValue.
struct GroupBlock {
  GroupBlock* next;
  uint32_t used;
  uint32_t capacity;

  char* data() { return reinterpret_cast<char*>(this + 1); }
  // Whole values, one after another.
  std::string_view view() const { return {reinterpret_cast<const char*>(this + 1), used}; }
};

struct GroupList {
  GroupBlock* first = nullptr;
  GroupBlock* last = nullptr;
  uint64_t values = 0;
};

// The slot type of GroupList: size and alignment only.
SlotType GroupSlotType();

struct TableEntry {
  uint64_t hash;
  std::string_view key;
  void* slot;
};

// Where a scan stands; starts at the first entry.
struct ScanPosition {
  size_t chunk = 0;
  size_t offset = 0;
};

// Hash table from encoded keys to value slots: the byte core under ReduceByKey, CountByValue, GroupByKey and
// Distinct. Keys are copied into an arena and entries never move; iteration is in order of insertion, so
// equal input gives equal output. Not thread-safe.
//
// On the map side of a shuffle, when bytes() exceeds the cap of the plan: writer.AppendTable(table);
// table.Clear(). On the reduce side use SpillingTable.
//
// Slots of new entries are raw memory. The caller constructs the slot of every entry that Upsert reports as
// inserted before it runs code that may throw, since Clear and the destructor destroy every slot.
class AggregationTable {
 public:
  // Most keys of one Upsert.
  static constexpr size_t kBatch = 1024;

  explicit AggregationTable(const SlotType& type);
  ~AggregationTable();
  AggregationTable(const AggregationTable&) = delete;
  AggregationTable& operator=(const AggregationTable&) = delete;

  // Finds or inserts up to kBatch keys: slots[i] is the slot of keys[i], valid until Clear. inserted[i] is 1
  // at the first occurrence of a key that was not in the table, else 0: process the batch in order.
  void Upsert(std::span<const std::string_view> keys, void** slots, uint8_t* inserted);
  // The same with hashes[i] == HashKey(keys[i]) known.
  void Upsert(std::span<const std::string_view> keys, const uint64_t* hashes, void** slots,
              uint8_t* inserted);

  // Appends one encoded value, or `values` of them in a row, to the GroupList in `slot`, a slot of this
  // table. At most 2 GiB.
  void AppendValue(void* slot, std::string_view encoded, uint64_t values = 1);

  // Up to `capacity` entries from `position` on, in order of insertion; 0 at the end.
  size_t Scan(ScanPosition& position, TableEntry* out, size_t capacity) const;

  // visit(const TableEntry&) for every entry, in order of insertion.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    TableEntry entries[64];
    ScanPosition position;
    while (const size_t count = Scan(position, entries, 64)) {
      for (size_t i = 0; i < count; ++i) visit(entries[i]);
    }
  }

  // The key that `slot`, a slot of this table, belongs to.
  std::string_view KeyOf(void* slot) const { return EntryAt(static_cast<char*>(slot) - slot_offset_).key; }

  size_t size() const { return count_; }
  const SlotType& slot_type() const { return type_; }

  // Size of the content: a function of what was inserted since Clear, alike on every machine and attempt, so
  // that decisions taken on it can be repeated. Memory that values hold outside their slots counts if
  // charged.
  size_t bytes() const { return entries_.used() + groups_.used() + count_ * 16 + charged_; }
  // Tells of `delta` bytes that slots have taken (or given back) on the heap.
  void Charge(ptrdiff_t delta) { charged_ += static_cast<size_t>(delta); }
  // Bytes taken from the system.
  size_t allocated_bytes() const;

  // The entries sorted by (hash, key). The index's memory is given up for it: afterwards only Clear and the
  // destructor may be called.
  struct SortedEntry {
    uint64_t hash;
    const char* entry;
  };
  std::span<SortedEntry> Sort();
  TableEntry Entry(const SortedEntry& sorted) const { return EntryAt(const_cast<char*>(sorted.entry)); }

  // Destroys every slot and forgets every key; keeps some memory for reuse.
  void Clear();
  // Clear for a caller that has destroyed the slots itself.
  void ClearDestroyed();

 private:
  // The key's entry; sets `inserted` to 1 if it is a new one.
  char* FindOrInsert(std::string_view key, uint64_t hash, uint8_t& inserted);
  void Grow();
  // Makes the index anew, with `capacity` words.
  void Reindex(size_t capacity);
  void DestroySlots();
  TableEntry EntryAt(char* entry) const;
  size_t EntrySize(size_t key_size) const { return key_offset_ + key_size; }

  const SlotType type_;
  const size_t slot_offset_;  // Entry: 64-bit hash, slot, 32-bit key length, key.
  const size_t key_offset_;
  TaggedIndex index_;   // Of positions in entries_.
  size_t capacity_;     // Words of the index, or of the next one if it has no room.
  size_t grow_at_ = 0;  // Entries. 0: the index has no room as yet.
  size_t count_ = 0;
  size_t charged_ = 0;
  Arena entries_;
  Arena groups_;
  std::vector<SortedEntry> sorted_;
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_AGGREGATION_TABLE_H_
