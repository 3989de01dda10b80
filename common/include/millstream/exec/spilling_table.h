#ifndef MILLSTREAM_EXEC_SPILLING_TABLE_H_
#define MILLSTREAM_EXEC_SPILLING_TABLE_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <millstream/exec/aggregation_table.h>
#include <millstream/exec/memory.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace millstream::exec {

class SpillMerge;
struct SpillRun;

// An aggregation table with a cap, for the reduce side of a shuffle. When the content exceeds the cap it is
// written to storage as a run sorted by (hash, key), and the table starts anew; at the end all runs are
// merged. Order of output: insertion if nothing was spilled, else (hash, key). Both depend only on the input
// and the cap, so take the cap from the plan. Not thread-safe.
//
//   for each batch: table.table().Upsert(...), fold; RETURN_IF_ERROR(table.Settle());
//   RETURN_IF_ERROR(table.Finish());
//   while ((count = *table.Next(entries, 1024)) > 0) ...
class SpillingTable {
 public:
  struct Options {
    size_t cap_bytes = size_t{64} << 20;  // Of AggregationTable::bytes().
    SpillStorage* storage = nullptr;      // Outlives the table. Null: never spills.
    MemoryBudget* budget = nullptr;       // Outlives the table. May be null.
  };

  // `type.decode` and `type.merge` must be set, except for GroupSlotType(), whose lists are concatenated in
  // the order in which their values arrived.
  SpillingTable(const SlotType& type, const Options& options);
  ~SpillingTable();
  SpillingTable(const SpillingTable&) = delete;
  SpillingTable& operator=(const SpillingTable&) = delete;

  AggregationTable& table() { return table_; }

  // To be called after each processed batch: spills if the cap is exceeded, and keeps the budget informed.
  // A budget that refuses is no error, as the cap bounds what the table holds.
  absl::Status Settle() { return table_.bytes() <= settled_until_ ? absl::OkStatus() : SettleSlowly(); }

  // Ends the input.
  absl::Status Finish();

  // Up to `capacity` entries, each key once; 0 at the end. Keys and slots are valid, and the slots the
  // caller's to modify or move from, until the next call. DataLoss if a run cannot be read back. `merge` may
  // throw.
  absl::StatusOr<size_t> Next(TableEntry* out, size_t capacity);

  // Runs written so far.
  size_t runs() const;

 private:
  absl::Status SettleSlowly();
  absl::Status Spill();

  const Options options_;
  AggregationTable table_;
  Reservation reservation_;
  size_t settled_until_ = 0;  // bytes() up to which Settle has nothing to do.
  std::unique_ptr<SpillFile> file_;
  std::vector<SpillRun> runs_;
  ScanPosition scan_;
  std::unique_ptr<SpillMerge> merge_;
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_SPILLING_TABLE_H_
