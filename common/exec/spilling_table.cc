#include <millstream/exec/spilling_table.h>

#include <algorithm>

#include "common/exec/spill_merge.h"

namespace millstream::exec {
namespace {

constexpr size_t kReserveStep = size_t{1} << 20;

}  // namespace

SpillingTable::SpillingTable(const SlotType& type, const Options& options)
    : options_(options),
      table_(type),
      reservation_(options.budget),
      settled_until_(std::min(options.cap_bytes, kReserveStep)) {}

SpillingTable::~SpillingTable() = default;

size_t SpillingTable::runs() const { return runs_.size(); }

absl::Status SpillingTable::SettleSlowly() {
  const bool over = table_.bytes() > options_.cap_bytes && options_.storage != nullptr;
  if (over) {
    if (absl::Status status = Spill(); !status.ok()) return status;
  }
  reservation_.Resize(table_.allocated_bytes());
  settled_until_ = table_.bytes() + kReserveStep;
  if (options_.storage != nullptr) settled_until_ = std::min(settled_until_, options_.cap_bytes);
  return absl::OkStatus();
}

absl::Status SpillingTable::Spill() {
  if (file_ == nullptr) {
    absl::StatusOr<std::unique_ptr<SpillFile>> file = options_.storage->Create();
    if (!file.ok()) return file.status();
    file_ = *std::move(file);
  }
  absl::StatusOr<SpillRun> run = WriteRun(table_, *file_);
  table_.Clear();
  if (!run.ok()) return run.status();
  runs_.push_back(*run);
  return absl::OkStatus();
}

absl::Status SpillingTable::Finish() {
  if (runs_.empty()) return absl::OkStatus();
  if (table_.size() > 0) {
    if (absl::Status status = Spill(); !status.ok()) return status;
  }
  merge_ = std::make_unique<SpillMerge>(table_.slot_type(), file_.get(), runs_, options_.cap_bytes / 2);
  return merge_->Start();
}

absl::StatusOr<size_t> SpillingTable::Next(TableEntry* out, size_t capacity) {
  if (merge_ != nullptr) return merge_->Next(out, capacity);
  return table_.Scan(scan_, out, capacity);
}

}  // namespace millstream::exec
