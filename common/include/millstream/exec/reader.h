#ifndef MILLSTREAM_EXEC_READER_H_
#define MILLSTREAM_EXEC_READER_H_

#include <millstream/exec/chunk.h>

#include <cstddef>
#include <iterator>

namespace millstream::exec {

// Where a Reader's rows come from.
class RowPuller {
 public:
  virtual ~RowPuller() = default;
  virtual bool PullRows(Chunk& chunk) = 0;
};

}  // namespace millstream::exec

namespace millstream {

// One partition's rows, once, in order: an input range.
//
//   rows.MapPartitions([](ms::Reader<std::string_view>& lines) {
//     int64_t bytes = 0;
//     for (std::string_view line : lines) bytes += line.size();
//     return std::vector{bytes};
//   });
//
// A row, and whatever views it, is valid until the reader moves on to the next row. Keep copies
// (std::string), not views.
template <class T>
class Reader {
 public:
  explicit Reader(exec::RowPuller& puller) : puller_(&puller) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  class Iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    Iterator() = default;
    explicit Iterator(Reader* reader) : reader_(reader) {}
    T& operator*() const { return reader_->rows_[reader_->next_]; }
    T* operator->() const { return &**this; }
    Iterator& operator++() {
      ++reader_->next_;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !reader_->Fill(); }

   private:
    Reader* reader_ = nullptr;
  };

  Iterator begin() { return Iterator(this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  bool Fill() {
    while (next_ == count_) {
      exec::Chunk chunk;
      if (done_ || !puller_->PullRows(chunk)) {
        done_ = true;
        return false;
      }
      rows_ = static_cast<T*>(chunk.rows);
      count_ = chunk.count;
      next_ = 0;
    }
    return true;
  }

  exec::RowPuller* puller_;
  T* rows_ = nullptr;
  size_t count_ = 0;
  size_t next_ = 0;
  bool done_ = false;
};

}  // namespace millstream

#endif  // MILLSTREAM_EXEC_READER_H_
