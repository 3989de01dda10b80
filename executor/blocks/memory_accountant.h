#ifndef MILLSTREAM_EXECUTOR_BLOCKS_MEMORY_ACCOUNTANT_H_
#define MILLSTREAM_EXECUTOR_BLOCKS_MEMORY_ACCOUNTANT_H_

#include <millstream/exec/bytes.h>
#include <millstream/exec/memory.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

namespace millstream::executor {

// The executor's one byte budget: blocks, tables and buffers all reserve here. Thread-safe. Shared, as slices
// that were handed out give their bytes back when their last reader lets go.
class MemoryAccountant : public exec::MemoryBudget, public std::enable_shared_from_this<MemoryAccountant> {
 public:
  explicit MemoryAccountant(size_t limit) : limit_(limit) {}

  // Who can make room for `bytes` more by writing to disk. Set before the first Reserve, cleared after the
  // last.
  void SetMakeRoom(std::function<void(size_t bytes)> make_room) { make_room_ = std::move(make_room); }

  bool Reserve(size_t bytes) override;
  void Release(size_t bytes) override { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  // Without making room.
  bool TryReserve(size_t bytes);

  // The same slice, whose bytes, reserved before, are released when its last owner lets go.
  exec::Bytes Attach(exec::Bytes slice);

  size_t limit() const { return limit_; }
  size_t used() const { return used_.load(std::memory_order_relaxed); }
  size_t free() const { return used() < limit_ ? limit_ - used() : 0; }

 private:
  const size_t limit_;
  std::atomic<size_t> used_{0};
  std::function<void(size_t)> make_room_;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_BLOCKS_MEMORY_ACCOUNTANT_H_
