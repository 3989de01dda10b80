#ifndef MILLSTREAM_COMMON_EXEC_SPILL_MERGE_H_
#define MILLSTREAM_COMMON_EXEC_SPILL_MERGE_H_

#include <millstream/exec/aggregation_table.h>
#include <millstream/exec/encoder.h>
#include <millstream/exec/memory.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace millstream::exec {

// A run: records [hash, 8 bytes][varint key length][key][varint value length][value], sorted by (hash, key).
struct SpillRun {
  uint64_t begin;
  uint64_t end;
};

// Sorts `table` and appends it to `file` as a run. The table can only be cleared afterwards.
absl::StatusOr<SpillRun> WriteRun(AggregationTable& table, SpillFile& file);

// Reads a run front to back.
class RunReader {
 public:
  RunReader(SpillFile* file, const SpillRun& run, size_t buffer_bytes);

  // Moves to the next record. False: the end of the run.
  absl::StatusOr<bool> Advance();

  // Of the current record; valid until Advance.
  uint64_t hash() const { return hash_; }
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }

 private:
  bool Parse();
  absl::Status Refill();

  SpillFile* const file_;
  uint64_t offset_;  // Of what follows the buffer.
  const uint64_t end_;
  std::vector<char> buffer_;
  size_t begin_ = 0;  // Unread part of the buffer.
  size_t filled_ = 0;
  uint64_t hash_ = 0;
  std::string_view key_;
  std::string_view value_;
};

// Merges runs into one sequence in (hash, key) order, in which the values of equal keys are combined in run
// order.
class SpillMerge {
 public:
  // `buffer_bytes`: for all readers together.
  SpillMerge(const SlotType& type, SpillFile* file, const std::vector<SpillRun>& runs, size_t buffer_bytes);

  absl::Status Start();
  // Up to `capacity` entries, fewer if they are large; 0 at the end. Valid until the next call.
  absl::StatusOr<size_t> Next(TableEntry* out, size_t capacity);

 private:
  struct Scratch;  // A slot on its own.

  bool After(size_t a, size_t b) const;
  // `last`: the key of the newest entry of the batch.
  absl::Status AddToBatch(const RunReader& reader, std::string_view& last);
  absl::Status DecodeInserted(std::string_view value, void* slot);
  absl::Status AddGroup(std::string_view value, void* slot, bool inserted);
  absl::Status AdvanceFirst();

  std::vector<std::unique_ptr<RunReader>> readers_;
  std::vector<size_t> heap_;  // Readers with a record; the first in order in front.
  AggregationTable batch_;    // What the last Next returned.
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_COMMON_EXEC_SPILL_MERGE_H_
