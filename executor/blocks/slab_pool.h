#ifndef MILLSTREAM_EXECUTOR_BLOCKS_SLAB_POOL_H_
#define MILLSTREAM_EXECUTOR_BLOCKS_SLAB_POOL_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace millstream::executor {

// Buffers taken from the system and not from malloc, so that a process gives back what it no longer holds.
// Slabs of one slice are reused. Thread-safe. Buffers may outlive the pool's creator.
class SlabPool : public std::enable_shared_from_this<SlabPool> {
 public:
  // Keeps at most `retained_bytes` of free slabs.
  explicit SlabPool(size_t retained_bytes);
  ~SlabPool();
  SlabPool(const SlabPool&) = delete;
  SlabPool& operator=(const SlabPool&) = delete;

  // exec::kSliceBytes writable bytes. Throws std::bad_alloc.
  std::shared_ptr<char> TakeSlab();
  // `size` writable bytes: a slab, or less or more. Throws std::bad_alloc.
  std::shared_ptr<char> Take(size_t size);

 private:
  void GiveBack(char* slab);

  const size_t retained_slabs_;
  std::mutex mutex_;
  std::vector<char*> free_;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_BLOCKS_SLAB_POOL_H_
