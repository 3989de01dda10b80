#include <millstream/exec/recycled_memory.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

namespace millstream::exec {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kSmallest = size_t{64} << 10;
constexpr size_t kLargest = size_t{4} << 20;
constexpr size_t kMostKept = size_t{16} << 20;
constexpr size_t kPage = 4096;
constexpr int kSizes = std::countr_zero(kLargest / kSmallest) + 1;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kRecycles = false;  // AddressSanitizer is to see the use of what was given back.
#else
constexpr bool kRecycles = true;
#endif

struct Kept {
  std::mutex mutex;
  std::vector<char*> blocks[kSizes];  // The last one given is the first taken: it may still be in a cache.
  size_t bytes = 0;
};

Kept& kept() {
  static Kept* const kept = new Kept;  // Never destroyed: tables may outlive main().
  return *kept;
}

size_t RoundUp(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

char* Map(size_t size) {
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return static_cast<char*>(memory);
}

bool IsRecycled(size_t size) {
  return kRecycles && std::has_single_bit(size) && size >= kSmallest && size <= kLargest;
}

size_t IndexOf(size_t size) { return static_cast<size_t>(std::countr_zero(size / kSmallest)); }

char* TakeKept(size_t size) {
  const std::lock_guard lock(kept().mutex);
  std::vector<char*>& blocks = kept().blocks[IndexOf(size)];
  if (blocks.empty()) return nullptr;
  char* const block = blocks.back();
  blocks.pop_back();
  kept().bytes -= size;
  return block;
}

bool Keep(char* block, size_t size) {
  const std::lock_guard lock(kept().mutex);
  if (kept().bytes + size > kMostKept) return false;
  kept().blocks[IndexOf(size)].push_back(block);
  kept().bytes += size;
  return true;
}

}  // namespace

RecycledMemory::RecycledMemory(size_t size) : size_(size) {
  if (size == 0) return;
  if (size >= kSmallest) {
    if (IsRecycled(size)) data_ = TakeKept(size);
    if (data_ == nullptr) data_ = Map(size);
  } else {
    data_ = static_cast<char*>(std::aligned_alloc(kAlignment, RoundUp(size, kAlignment)));
    if (data_ == nullptr) throw std::bad_alloc();
  }
}

void RecycledMemory::Shrink(size_t size) {
  if (size_ >= kSmallest) {
    const size_t kept = RoundUp(std::max(size, kSmallest + 1), kPage);
    if (kept >= size_) return;
    munmap(data_ + kept, size_ - kept);
    size_ = kept;
  } else if (char* const moved = static_cast<char*>(std::realloc(data_, size))) {
    data_ = moved;
    size_ = size;
  }
}

void RecycledMemory::Free() {
  if (size_ < kSmallest) {
    std::free(data_);
  } else if (!IsRecycled(size_) || !Keep(data_, size_)) {
    munmap(data_, size_);
  }
}

}  // namespace millstream::exec
