#include <millstream/exec/bytes.h>

#include <utility>

namespace millstream::exec {

Bytes OwnBytes(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  const std::string_view view = *owner;
  return {std::move(owner), view};
}

size_t TotalBytes(const Slices& slices) {
  size_t total = 0;
  for (const Bytes& slice : slices) total += slice.view.size();
  return total;
}

}  // namespace millstream::exec
