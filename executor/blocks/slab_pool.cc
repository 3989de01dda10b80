#include "executor/blocks/slab_pool.h"

#include <millstream/exec/bytes.h>
#include <sys/mman.h>

#include <new>

namespace millstream::executor {
namespace {

// Smaller buffers come from malloc, which reuses them well.
constexpr size_t kSmallBytes = 64 << 10;

char* MapBytes(size_t size) {
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return static_cast<char*>(memory);
}

}  // namespace

SlabPool::SlabPool(size_t retained_bytes) : retained_slabs_(retained_bytes / exec::kSliceBytes) {}

SlabPool::~SlabPool() {
  for (char* slab : free_) munmap(slab, exec::kSliceBytes);
}

std::shared_ptr<char> SlabPool::TakeSlab() {
  char* slab = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      slab = free_.back();
      free_.pop_back();
    }
  }
  if (slab == nullptr) slab = MapBytes(exec::kSliceBytes);
  return {slab, [pool = shared_from_this()](char* memory) { pool->GiveBack(memory); }};
}

std::shared_ptr<char> SlabPool::Take(size_t size) {
  if (size <= kSmallBytes) return {new char[size], std::default_delete<char[]>()};
  if (size <= exec::kSliceBytes) return TakeSlab();
  return {MapBytes(size), [size](char* memory) { munmap(memory, size); }};
}

void SlabPool::GiveBack(char* slab) {
  {
    std::lock_guard lock(mutex_);
    if (free_.size() < retained_slabs_) {
      free_.push_back(slab);
      return;
    }
  }
  munmap(slab, exec::kSliceBytes);
}

}  // namespace millstream::executor
