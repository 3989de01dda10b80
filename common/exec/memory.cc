#include <millstream/exec/memory.h>

namespace millstream::exec {
namespace {

constexpr size_t kStep = size_t{1} << 20;

}  // namespace

bool Reservation::Resize(size_t bytes) {
  const size_t wanted = bytes <= kStep ? 0 : (bytes + kStep - 1) & ~(kStep - 1);
  if (wanted > reserved_) {
    if (budget_ != nullptr && !budget_->Reserve(wanted - reserved_)) return false;
  } else if (wanted < reserved_ && budget_ != nullptr) {
    budget_->Release(reserved_ - wanted);
  }
  reserved_ = wanted;
  return true;
}

}  // namespace millstream::exec
