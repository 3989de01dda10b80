#include <millstream/exec/encoder.h>

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

namespace millstream::exec {

Encoder& Encoder::operator=(Encoder&& other) noexcept {
  std::swap(begin_, other.begin_);
  std::swap(pos_, other.pos_);
  std::swap(end_, other.end_);
  return *this;
}

std::string Encoder::Take() {
  std::string taken(view());
  Clear();
  return taken;
}

void Encoder::Grow(size_t n) {
  const size_t used = size();
  const size_t capacity = std::max<size_t>({64, used + n, 2 * static_cast<size_t>(end_ - begin_)});
  char* grown = static_cast<char*>(::operator new(capacity));
  if (used != 0) std::memcpy(grown, begin_, used);
  ::operator delete(begin_);
  begin_ = grown;
  pos_ = grown + used;
  end_ = grown + capacity;
}

bool Decoder::GetLongVarint(uint64_t& value) {
  uint64_t result = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (pos_ == end_) return false;
    const uint64_t byte = static_cast<unsigned char>(*pos_++);
    if (shift == 63 && byte > 1) return false;
    result |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      value = result;
      return true;
    }
  }
  return false;
}

void AppendSorted(std::string_view entries, std::string_view ends, Encoder& out) {
  std::vector<std::string_view> sorted;
  size_t begin = 0;
  Decoder decoder(ends);
  for (size_t end; decoder.GetFixed(&end, sizeof(end)); begin = end) {
    sorted.push_back(entries.substr(begin, end - begin));
  }
  std::sort(sorted.begin(), sorted.end());
  for (std::string_view entry : sorted) out.PutBytes(entry);
}

}  // namespace millstream::exec
