#ifndef MILLSTREAM_EXEC_MEMORY_H_
#define MILLSTREAM_EXEC_MEMORY_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace millstream::exec {

// The executor's one accountant, seen by whatever holds more than 1 MiB. Thread-safe.
class MemoryBudget {
 public:
  virtual ~MemoryBudget() = default;

  // False: refused, nothing was reserved. May first make room by writing other holders' bytes to disk.
  virtual bool Reserve(size_t bytes) = 0;
  virtual void Release(size_t bytes) = 0;
};

// What one holder has reserved; given back on destruction. Not thread-safe. Without a budget all is granted.
class Reservation {
 public:
  explicit Reservation(MemoryBudget* budget) : budget_(budget) {}
  ~Reservation() { Resize(0); }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  // Makes the reservation cover `bytes`, in steps of 1 MiB; the first MiB is free. False: refused, unchanged.
  bool Resize(size_t bytes);

  size_t bytes() const { return reserved_; }

 private:
  MemoryBudget* const budget_;
  size_t reserved_ = 0;
};

// Bytes written once, front to back, then read at any place. Deleted on destruction. Not thread-safe.
class SpillFile {
 public:
  virtual ~SpillFile() = default;

  virtual absl::Status Append(std::string_view bytes) = 0;
  // Reads exactly `size` bytes of what was appended; OutOfRange beyond the end.
  virtual absl::Status ReadAt(uint64_t offset, char* to, size_t size) = 0;
  // Bytes appended so far.
  virtual uint64_t size() const = 0;
};

// Where tables and sorts put what the budget has no room for. Thread-safe.
class SpillStorage {
 public:
  virtual ~SpillStorage() = default;
  virtual absl::StatusOr<std::unique_ptr<SpillFile>> Create() = 0;
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_MEMORY_H_
