#ifndef MILLSTREAM_EXECUTOR_RECEIVERS_LINE_BLOCKS_H_
#define MILLSTREAM_EXECUTOR_RECEIVERS_LINE_BLOCKS_H_

#include <millstream/exec/bytes.h>
#include <millstream/exec/memory.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "executor/blocks/slab_pool.h"

namespace millstream::executor {

// Cuts a byte stream into blocks of whole lines of at most 1 MiB, without looking at the lines: only for the
// last line end of a block. A longer line is a block of its own; one longer than `max_record_bytes` (without
// its line end) is dropped. Holds at most about twice that. Not thread-safe.
class LineBlocks {
 public:
  using Emit = std::function<void(exec::Bytes block)>;

  // `slabs` and `memory` outlive it.
  LineBlocks(SlabPool& slabs, exec::MemoryBudget* memory, size_t max_record_bytes, Emit emit);

  // Where to read to: 1 byte to 1 MiB; valid until the next call.
  std::span<char> Space();
  // `size` bytes were read to the start of Space().
  void Filled(size_t size);

  // Emits the whole lines that are there.
  void Cut();
  // The stream ended: its last line needs no line end.
  void End();
  // Forgets a line that has begun: its end will not come.
  void Forget();

  // Records dropped since the last call.
  uint64_t TakeDropped();

 private:
  void FillSlab();
  void FillLongRecord(size_t begin);
  void SkipLongRecord();
  void CutAt(size_t end);
  size_t WithoutLongRecords(size_t end);
  void DropLongRest();
  void Grow();
  void StartSlab(std::string_view content);

  SlabPool& slabs_;
  const size_t max_record_bytes_;
  const Emit emit_;
  exec::Reservation reservation_;  // of what a long record takes
  std::shared_ptr<char> buffer_;   // starts with a record's first byte
  size_t capacity_ = 0;            // above 1 MiB: it holds one record without line end so far
  size_t used_ = 0;
  bool skipping_ = false;  // until the next line end
  uint64_t dropped_ = 0;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_RECEIVERS_LINE_BLOCKS_H_
