#ifndef MILLSTREAM_COMMON_EXEC_ROW_MEMORY_H_
#define MILLSTREAM_COMMON_EXEC_ROW_MEMORY_H_

#include <millstream/exec/chunk.h>
#include <millstream/exec/row_type.h>

#include <cstddef>
#include <new>
#include <string_view>

namespace millstream::exec {

// Room for a chunk of rows whose type is known as data; RowBuffer's counterpart.
class RowMemory {
 public:
  RowMemory(const RowType& type, size_t capacity)
      : type_(type),
        rows_(::operator new (capacity* type.size, std::align_val_t{type.align})),
        capacity_(capacity) {}
  ~RowMemory() {
    Clear();
    ::operator delete (rows_, std::align_val_t{type_.align});
  }
  RowMemory(const RowMemory&) = delete;
  RowMemory& operator=(const RowMemory&) = delete;

  void Clear() {
    if (type_.destroy != nullptr) type_.destroy(rows_, count_);
    count_ = 0;
  }
  // Adds rows until `in` is empty or all room is taken. False: the bytes are malformed.
  bool Decode(Decoder& in) { return type_.decode(in, rows_, count_, capacity_); }

  bool full() const { return count_ == capacity_; }
  Chunk chunk() const { return {rows_, count_}; }

 private:
  const RowType& type_;
  void* const rows_;
  const size_t capacity_;
  size_t count_ = 0;
};

// visit(std::string_view) sees the encoding of each row of `chunk`, in order; it lies in `scratch`, whose
// contents are lost.
template <class Visit>
void ForEachEncodedRow(const RowType& type, const Chunk& chunk, Encoder& scratch, Visit visit) {
  size_t ends[RowType::kBatch];
  const char* rows = static_cast<const char*>(chunk.rows);
  for (size_t left = chunk.count; left > 0;) {
    scratch.Clear();
    const size_t encoded = type.encode(rows, left, scratch, ends);
    for (size_t i = 0, begin = 0; i < encoded; begin = ends[i], ++i)
      visit(scratch.view().substr(begin, ends[i] - begin));
    rows += encoded * type.size;
    left -= encoded;
  }
}

}  // namespace millstream::exec

#endif  // MILLSTREAM_COMMON_EXEC_ROW_MEMORY_H_
