#include <millstream/exec/shuffle_writer.h>

#include <algorithm>
#include <utility>

namespace millstream::exec {
namespace {

constexpr size_t kSmallestSlice = 4096;

size_t SliceBytes(uint32_t partitions) {
  return std::clamp(ShuffleWriter::kBufferBytes / partitions, kSmallestSlice, kSliceBytes);
}

}  // namespace

SliceCollector::SliceCollector(uint32_t partitions) : partitions_(partitions) {}

absl::Status SliceCollector::Add(uint32_t partition, Bytes slice) {
  partitions_[partition].push_back(std::move(slice));
  return absl::OkStatus();
}

ShuffleWriter::ShuffleWriter(uint32_t partitions, SliceSink* sink, uint64_t seed)
    : partition_count_(partitions), sink_(sink), turn_(static_cast<uint32_t>(seed % partitions)) {
  partitions_.reserve(partitions);
  for (uint32_t i = 0; i < partitions; ++i) partitions_.emplace_back(SliceBytes(partitions));
}

ShuffleWriter::~ShuffleWriter() = default;

void ShuffleWriter::AppendTable(const AggregationTable& table) {
  const auto encode = table.slot_type().encode;
  table.ForEach([&](const TableEntry& entry) {
    value_.Clear();
    encode(entry.slot, value_);
    Append(entry.hash, entry.key, value_.view());
  });
}

void ShuffleWriter::AppendRow(std::string_view row) {
  current_ = &partitions_[turn_];
  current_->Append(row);
  if (current_->has_finished()) Deliver();
  if (++turn_ == partition_count_) turn_ = 0;
}

void ShuffleWriter::Deliver() {
  const auto partition = static_cast<uint32_t>(current_ - partitions_.data());
  for (Bytes& slice : current_->TakeFinished()) {
    if (status_.ok()) status_ = sink_->Add(partition, std::move(slice));
  }
}

absl::Status ShuffleWriter::Finish() {
  for (uint32_t partition = 0; partition < partition_count_; ++partition) {
    for (Bytes& slice : partitions_[partition].Take()) {
      if (status_.ok()) status_ = sink_->Add(partition, std::move(slice));
    }
  }
  return status_;
}

}  // namespace millstream::exec
