#include "executor/blocks/memory_accountant.h"

#include <utility>

namespace millstream::executor {
namespace {

struct AttachedSlice {
  AttachedSlice(std::shared_ptr<const void> slice_owner, std::shared_ptr<MemoryAccountant> budget,
                size_t size)
      : owner(std::move(slice_owner)), accountant(std::move(budget)), bytes(size) {}
  ~AttachedSlice() {
    owner.reset();
    accountant->Release(bytes);
  }
  AttachedSlice(const AttachedSlice&) = delete;
  AttachedSlice& operator=(const AttachedSlice&) = delete;

  std::shared_ptr<const void> owner;
  const std::shared_ptr<MemoryAccountant> accountant;
  const size_t bytes;
};

}  // namespace

bool MemoryAccountant::TryReserve(size_t bytes) {
  size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_ || used > limit_ - bytes) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

bool MemoryAccountant::Reserve(size_t bytes) {
  if (TryReserve(bytes)) return true;
  if (!make_room_ || bytes > limit_) return false;
  // Another thread may take what was freed for this one; it then does its share of the work.
  for (int round = 0; round < 4; ++round) {
    make_room_(bytes);
    if (TryReserve(bytes)) return true;
  }
  return false;
}

exec::Bytes MemoryAccountant::Attach(exec::Bytes slice) {
  const std::string_view view = slice.view;
  return {std::make_shared<const AttachedSlice>(std::move(slice.owner), shared_from_this(), view.size()),
          view};
}

}  // namespace millstream::executor
