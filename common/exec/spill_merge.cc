#include "common/exec/spill_merge.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace millstream::exec {
namespace {

constexpr size_t kWriteBuffer = size_t{256} << 10;
constexpr size_t kSmallestReadBuffer = 4096;
constexpr size_t kLargestReadBuffer = size_t{256} << 10;
constexpr size_t kBatchBytes = size_t{256} << 10;  // Content of a batch at which it is handed out.

absl::Status Damaged() { return absl::DataLossError("spill file: a record is cut short or malformed"); }

bool IsGroup(const SlotType& type) { return type.decode == nullptr; }

void EncodeGroup(const GroupList& list, Encoder& out) {
  out.PutVarint(list.values);
  for (const GroupBlock* block = list.first; block != nullptr; block = block->next)
    out.PutBytes(block->view());
}

void EncodeSlot(const SlotType& type, const void* slot, Encoder& out) {
  if (IsGroup(type)) {
    EncodeGroup(*static_cast<const GroupList*>(slot), out);
  } else {
    type.encode(slot, out);
  }
}

}  // namespace

absl::StatusOr<SpillRun> WriteRun(AggregationTable& table, SpillFile& file) {
  const uint64_t begin = file.size();
  Encoder records;
  Encoder value;
  for (const AggregationTable::SortedEntry& sorted : table.Sort()) {
    const TableEntry entry = table.Entry(sorted);
    value.Clear();
    EncodeSlot(table.slot_type(), entry.slot, value);
    records.PutFixed(&entry.hash, sizeof(entry.hash));
    records.PutVarint(entry.key.size());
    records.PutBytes(entry.key);
    records.PutVarint(value.size());
    records.PutBytes(value.view());
    if (records.size() < kWriteBuffer) continue;
    if (absl::Status status = file.Append(records.view()); !status.ok()) return status;
    records.Clear();
  }
  if (absl::Status status = file.Append(records.view()); !status.ok()) return status;
  return SpillRun{begin, file.size()};
}

RunReader::RunReader(SpillFile* file, const SpillRun& run, size_t buffer_bytes)
    : file_(file), offset_(run.begin), end_(run.end), buffer_(buffer_bytes) {}

bool RunReader::Parse() {
  Decoder record({buffer_.data() + begin_, filled_ - begin_});
  if (!record.GetFixed(&hash_, sizeof(hash_)) || !record.GetText(key_) || !record.GetText(value_))
    return false;
  begin_ = static_cast<size_t>(record.position() - buffer_.data());
  return true;
}

absl::Status RunReader::Refill() {
  const size_t kept = filled_ - begin_;
  std::memmove(buffer_.data(), buffer_.data() + begin_, kept);
  if (kept * 2 > buffer_.size()) buffer_.resize(buffer_.size() * 2);
  const size_t more = static_cast<size_t>(std::min<uint64_t>(buffer_.size() - kept, end_ - offset_));
  begin_ = 0;
  filled_ = kept + more;
  offset_ += more;
  return file_->ReadAt(offset_ - more, buffer_.data() + kept, more);
}

absl::StatusOr<bool> RunReader::Advance() {
  while (begin_ == filled_ || !Parse()) {
    if (offset_ == end_) {
      if (begin_ == filled_) return false;
      return Damaged();
    }
    if (absl::Status status = Refill(); !status.ok()) return status;
  }
  return true;
}

// Constructed while `decoded`; destroyed with this.
struct SpillMerge::Scratch {
  explicit Scratch(const SlotType& slot_type)
      : type(slot_type), slot(::operator new(type.size, std::align_val_t(std::max<size_t>(type.align, 8)))) {}
  ~Scratch() {
    if (decoded && type.destroy != nullptr) type.destroy(slot);
    ::operator delete(slot, std::align_val_t(std::max<size_t>(type.align, 8)));
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const SlotType& type;
  void* const slot;
  bool decoded = false;
};

SpillMerge::SpillMerge(const SlotType& type, SpillFile* file, const std::vector<SpillRun>& runs,
                       size_t buffer_bytes)
    : batch_(type) {
  const size_t each = std::clamp(buffer_bytes / runs.size(), kSmallestReadBuffer, kLargestReadBuffer);
  for (const SpillRun& run : runs) readers_.push_back(std::make_unique<RunReader>(file, run, each));
}

// Whether reader a's record comes after b's; of equal keys the earlier run comes first.
bool SpillMerge::After(size_t a, size_t b) const {
  const RunReader& left = *readers_[a];
  const RunReader& right = *readers_[b];
  if (left.hash() != right.hash()) return left.hash() > right.hash();
  const int order = left.key().compare(right.key());
  return order != 0 ? order > 0 : a > b;
}

absl::Status SpillMerge::Start() {
  for (size_t i = 0; i < readers_.size(); ++i) {
    absl::StatusOr<bool> more = readers_[i]->Advance();
    if (!more.ok()) return more.status();
    if (*more) heap_.push_back(i);
  }
  std::make_heap(heap_.begin(), heap_.end(), [this](size_t a, size_t b) { return After(a, b); });
  return absl::OkStatus();
}

absl::StatusOr<size_t> SpillMerge::Next(TableEntry* out, size_t capacity) {
  batch_.Clear();
  std::string_view last;
  while (!heap_.empty()) {
    const RunReader& reader = *readers_[heap_.front()];
    const bool full = batch_.size() == capacity || batch_.bytes() > kBatchBytes;
    if (full && reader.key() != last) break;
    if (absl::Status status = AddToBatch(reader, last); !status.ok()) return status;
    if (absl::Status status = AdvanceFirst(); !status.ok()) return status;
  }
  ScanPosition position;
  return batch_.Scan(position, out, capacity);
}

absl::Status SpillMerge::AdvanceFirst() {
  const auto after = [this](size_t a, size_t b) { return After(a, b); };
  std::pop_heap(heap_.begin(), heap_.end(), after);
  absl::StatusOr<bool> more = readers_[heap_.back()]->Advance();
  if (!more.ok()) return more.status();
  if (*more) {
    std::push_heap(heap_.begin(), heap_.end(), after);
  } else {
    heap_.pop_back();
  }
  return absl::OkStatus();
}

absl::Status SpillMerge::AddToBatch(const RunReader& reader, std::string_view& last) {
  const std::string_view key = reader.key();
  const uint64_t hash = reader.hash();
  void* slot;
  uint8_t inserted;
  batch_.Upsert({&key, 1}, &hash, &slot, &inserted);
  if (inserted != 0) last = batch_.KeyOf(slot);
  const SlotType& type = batch_.slot_type();
  if (IsGroup(type)) return AddGroup(reader.value(), slot, inserted != 0);
  if (inserted != 0) return DecodeInserted(reader.value(), slot);
  Scratch scratch(type);
  scratch.decoded = type.decode(reader.value(), scratch.slot);
  if (!scratch.decoded) return Damaged();
  type.merge(type.context, slot, scratch.slot);
  return absl::OkStatus();
}

absl::Status SpillMerge::DecodeInserted(std::string_view value, void* slot) {
  const SlotType& type = batch_.slot_type();
  if (type.decode(value, slot)) return absl::OkStatus();
  if (type.destroy != nullptr) {
    batch_.ForEach([&](const TableEntry& entry) {
      if (entry.slot != slot) type.destroy(entry.slot);
    });
  }
  batch_.ClearDestroyed();
  return Damaged();
}

absl::Status SpillMerge::AddGroup(std::string_view value, void* slot, bool inserted) {
  if (inserted) new (slot) GroupList{};
  Decoder group(value);
  uint64_t values;
  std::string_view encoded;
  if (!group.GetVarint(values) || !group.GetBytes(group.remaining(), encoded)) return Damaged();
  batch_.AppendValue(slot, encoded, values);
  return absl::OkStatus();
}

}  // namespace millstream::exec
