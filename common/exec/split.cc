#include <millstream/exec/split.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "common/exec/byte_masks.h"

namespace millstream::exec {
namespace {

constexpr size_t kWindow = 32;             // Masks computed at a time.
constexpr size_t kRun = size_t{16} << 10;  // Bytes of lines scanned as one text: the first cache holds them.

// Masks of the next window of `size` > 0 bytes of text; what lies behind the text reads as `padding`. Returns
// the number of masks.
size_t FillWindow(FillMasks fill, const char* p, size_t size, char padding, uint64_t* masks) {
  const size_t whole = std::min(size / kMaskBytes, kWindow);
  fill(p, whole, masks);
  if (whole == kWindow || size % kMaskBytes == 0) return whole;
  char last[kMaskBytes];
  std::memset(last, padding, kMaskBytes);
  std::memcpy(last, p + whole * kMaskBytes, size % kMaskBytes);
  fill(last, 1, masks + whole);
  return whole + 1;
}

uint64_t WithoutLowest(uint64_t bits) { return bits & (bits - 1); }

}  // namespace

size_t SplitWordsInto(std::string_view text, size_t& position, std::string_view* out, size_t capacity) {
  const FillMasks fill = FastestClassifiers().spaces;
  const char* const end = text.data() + text.size();
  const char* base = text.data() + position;
  const char* start = base;  // Of the word that is open.
  bool open = false;
  size_t count = 0;
  uint64_t masks[kWindow + 1];
  while (base < end) {
    const size_t blocks = FillWindow(fill, base, static_cast<size_t>(end - base), ' ', masks);
    for (size_t b = 0; b < blocks; ++b, base += kMaskBytes) {
      const uint64_t letters = ~masks[b];
      const uint64_t follows_letter = letters << 1 | uint64_t{open};
      uint64_t starts = letters & ~follows_letter;
      for (uint64_t ends = follows_letter & ~letters; ends != 0; ends = WithoutLowest(ends)) {
        if (!open) {
          start = base + std::countr_zero(starts);
          starts = WithoutLowest(starts);
        }
        if (count == capacity) {
          position = static_cast<size_t>(start - text.data());
          return count;
        }
        out[count++] = {start, static_cast<size_t>(base + std::countr_zero(ends) - start)};
        open = false;
      }
      if (starts != 0) start = base + std::countr_zero(starts);
      open = letters >> 63 != 0;
    }
  }
  if (open && count < capacity) {
    out[count++] = {start, static_cast<size_t>(end - start)};
    open = false;
  }
  position = open ? static_cast<size_t>(start - text.data()) : text.size();
  return count;
}

size_t SplitLinesInto(std::string_view text, size_t& position, std::string_view* out, size_t capacity) {
  const FillMasks fill = FastestClassifiers().newlines;
  const char* const end = text.data() + text.size();
  const char* base = text.data() + position;
  const char* start = base;
  size_t count = 0;
  uint64_t masks[kWindow + 1];
  while (base < end) {
    const size_t blocks = FillWindow(fill, base, static_cast<size_t>(end - base), ' ', masks);
    for (size_t b = 0; b < blocks; ++b, base += kMaskBytes) {
      for (uint64_t newlines = masks[b]; newlines != 0; newlines = WithoutLowest(newlines)) {
        if (count == capacity) {
          position = static_cast<size_t>(start - text.data());
          return count;
        }
        const char* stop = base + std::countr_zero(newlines);
        size_t size = static_cast<size_t>(stop - start);
        if (size > 0 && stop[-1] == '\r') --size;
        out[count++] = {start, size};
        start = stop + 1;
      }
    }
  }
  if (start < end && count < capacity) {
    out[count++] = {start, static_cast<size_t>(end - start)};
    start = end;
  }
  position = static_cast<size_t>(start - text.data());
  return count;
}

namespace {

// Whether `next` begins one line end behind `end`, where a line ended.
bool Follows(const char* end, const char* next) {
  if (next == end + 1) return *end == '\n';
  return next == end + 2 && end[0] == '\r' && end[1] == '\n';
}

}  // namespace

size_t SplitWordsInto(const std::string_view* lines, size_t line_count, LinesCursor& cursor,
                      std::string_view* out, size_t capacity) {
  size_t count = 0;
  while (count < capacity) {
    if (cursor.rest.empty()) {
      if (cursor.line == line_count) break;
      const char* const begin = lines[cursor.line].data();
      const char* end = begin + lines[cursor.line].size();
      ++cursor.line;
      while (cursor.line < line_count && static_cast<size_t>(end - begin) < kRun &&
             Follows(end, lines[cursor.line].data())) {
        end = lines[cursor.line].data() + lines[cursor.line].size();
        ++cursor.line;
      }
      cursor.rest = {begin, static_cast<size_t>(end - begin)};
    }
    size_t position = 0;
    count += SplitWordsInto(cursor.rest, position, out + count, capacity - count);
    cursor.rest.remove_prefix(position);
  }
  return count;
}

}  // namespace millstream::exec
