#ifndef MILLSTREAM_EXEC_RECYCLED_MEMORY_H_
#define MILLSTREAM_EXEC_RECYCLED_MEMORY_H_

#include <cstddef>
#include <utility>

namespace millstream::exec {

// Memory of a task's tables and slices. From 64 KiB on it comes from the system and not from malloc, so that
// a process gives back what it no longer holds; but of sizes that are powers of two up to 4 MiB the process
// keeps up to 16 MiB for whoever asks next, who need not get it page by page again. Not zeroed. Taking and
// giving back may happen on different threads.
class RecycledMemory {
 public:
  RecycledMemory() = default;
  // Aligned to 64 bytes. Throws std::bad_alloc.
  explicit RecycledMemory(size_t size);
  ~RecycledMemory() { Free(); }
  RecycledMemory(RecycledMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  RecycledMemory& operator=(RecycledMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  char* data() const { return data_; }
  size_t size() const { return size_; }

  // Keeps the first `size` bytes, at least 1, and gives back most of the others. They may move.
  void Shrink(size_t size);

 private:
  void Free();

  char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_RECYCLED_MEMORY_H_
