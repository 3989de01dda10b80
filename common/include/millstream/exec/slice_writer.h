#ifndef MILLSTREAM_EXEC_SLICE_WRITER_H_
#define MILLSTREAM_EXEC_SLICE_WRITER_H_

#include <millstream/exec/bytes.h>
#include <millstream/exec/recycled_memory.h>

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

namespace millstream::exec {

// Packs records into slices of at most `slice_bytes`, cut at record boundaries. A record longer than that is
// a slice of its own. Memory grows with the content: a writer of a few small records holds a few hundred
// bytes, an empty one none. What the slices hold depends only on the records.
//
//   char* p = writer.Reserve(most);  ... write n <= most bytes at p ...  writer.Commit(n);
class SliceWriter {
 public:
  explicit SliceWriter(size_t slice_bytes = kSliceBytes) : slice_bytes_(slice_bytes) {}

  // Room for the next record, of at most `size` bytes; valid until the next call. May finish the current
  // slice if `size` bytes do not fit into it, so `size` should be close to what will be committed.
  char* Reserve(size_t size) {
    if (used_ + size > limit_) Grow(size);
    return memory_.data() + used_;
  }
  // Ends a record of `size` bytes, at most what was reserved.
  void Commit(size_t size) { used_ += size; }

  void Append(std::string_view record) {
    if (record.empty()) return;
    std::memcpy(Reserve(record.size()), record.data(), record.size());
    Commit(record.size());
  }

  // Bytes of the slice being filled.
  size_t pending_bytes() const { return used_; }

  // The slices finished since the last call; the one being filled is not among them.
  Slices TakeFinished() { return std::exchange(finished_, {}); }
  bool has_finished() const { return !finished_.empty(); }
  // Everything since the last Take. The writer is empty afterwards and can be used again.
  Slices Take();

 private:
  void Grow(size_t size);
  void FinishSlice();

  size_t slice_bytes_;
  RecycledMemory memory_;
  size_t used_ = 0;
  size_t limit_ = 0;  // Until where records go in without a look: within the memory and within a slice.
  bool filled_one_ = false;
  Slices finished_;
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_SLICE_WRITER_H_
