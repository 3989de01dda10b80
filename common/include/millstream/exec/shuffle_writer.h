#ifndef MILLSTREAM_EXEC_SHUFFLE_WRITER_H_
#define MILLSTREAM_EXEC_SHUFFLE_WRITER_H_

#include <absl/status/status.h>
#include <millstream/exec/aggregation_table.h>
#include <millstream/exec/bytes.h>
#include <millstream/exec/encoder.h>
#include <millstream/exec/hash.h>
#include <millstream/exec/slice_writer.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace millstream::exec {

// Takes the output of a map task, slice by slice: per partition in order, partitions interleaved.
class SliceSink {
 public:
  virtual ~SliceSink() = default;
  virtual absl::Status Add(uint32_t partition, Bytes slice) = 0;
};

// Keeps every slice in memory.
class SliceCollector : public SliceSink {
 public:
  explicit SliceCollector(uint32_t partitions);

  absl::Status Add(uint32_t partition, Bytes slice) override;

  // One per partition; empty partitions have no slices.
  std::vector<Slices>& partitions() { return partitions_; }

 private:
  std::vector<Slices> partitions_;
};

// Deals records to partitions. Keyed records, [varint key length][key][encoded value], go to the partition of
// their hash; rows without key go round. Finished slices go to the sink at once; what the writer itself holds
// is bounded by about kBufferBytes. The same calls give the same bytes. Not thread-safe.
//
// Appending never fails: after an error of the sink nothing more is written, and status() and Finish() tell.
class ShuffleWriter {
 public:
  // Unfinished slices of all partitions together: many partitions get smaller slices, of 4 KiB at least.
  static constexpr size_t kBufferBytes = size_t{16} << 20;

  // `partitions` in 1..65536. `sink` outlives the writer. `seed`, from the plan, says where AppendRow starts.
  ShuffleWriter(uint32_t partitions, SliceSink* sink, uint64_t seed = 0);
  ~ShuffleWriter();

  // hash == HashKey(key).
  void Append(uint64_t hash, std::string_view key, std::string_view value) {
    char* at = Reserve(Partition(hash), key, value.size());
    CopyShort(at, value.data(), value.size());
    Commit(at + value.size());
  }

  // The same for values that encode themselves: Reserve returns where to write at most `value_size` bytes,
  // and Commit ends the record at `end`.
  char* Reserve(uint64_t hash, std::string_view key, size_t value_size) {
    return Reserve(Partition(hash), key, value_size);
  }
  void Commit(char* end) {
    current_->Commit(static_cast<size_t>(end - record_));
    if (current_->has_finished()) Deliver();
  }

  // Every entry of `table`, whose slot type has `encode`, in order of insertion.
  void AppendTable(const AggregationTable& table);

  // One encoded row to the next partition in turn.
  void AppendRow(std::string_view row);

  // The first error of the sink.
  const absl::Status& status() const { return status_; }

  // Hands the sink what is left. To be called once, last.
  absl::Status Finish();

 private:
  static constexpr size_t kMaxKeyLengthBytes = 5;  // A varint of 32 bits.

  uint32_t Partition(uint64_t hash) const { return PartitionOf(HashSlot(hash), partition_count_); }
  char* Reserve(uint32_t partition, std::string_view key, size_t value_size) {
    current_ = &partitions_[partition];
    record_ = current_->Reserve(kMaxKeyLengthBytes + key.size() + value_size);
    return WriteText(record_, key);
  }
  void Deliver();

  const uint32_t partition_count_;
  SliceSink* const sink_;
  std::vector<SliceWriter> partitions_;
  SliceWriter* current_ = nullptr;  // The partition and start of the record being written.
  char* record_ = nullptr;
  uint32_t turn_;
  Encoder value_;  // Of the entry being written.
  absl::Status status_;
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_SHUFFLE_WRITER_H_
