#include <emmintrin.h>
#include <immintrin.h>
#include <millstream/exec/split.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace millstream::exec {
namespace {

constexpr size_t kBlock = 64;   // Bytes of one mask.
constexpr size_t kWindow = 32;  // Masks computed at a time.
constexpr size_t kRun =
    size_t{16} << 10;  // Bytes of lines scanned as one text: they stay in the first cache.

// Bit i of masks[b] is set if byte b * 64 + i belongs to the class sought.
using FillMasks = void (*)(const char* text, size_t blocks, uint64_t* masks);

uint64_t Join(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return a | uint64_t{b} << 16 | uint64_t{c} << 32 | uint64_t{d} << 48;
}

uint32_t SpacesOf16(const char* p) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i from_tab = _mm_sub_epi8(bytes, _mm_set1_epi8('\t'));
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(from_tab, _mm_set1_epi8('\r' - '\t')), from_tab);
  const __m128i space = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' '));
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(control, space)));
}

uint32_t NewlinesOf16(const char* p) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'))));
}

void SpacesSse2(const char* p, size_t blocks, uint64_t* masks) {
  for (size_t b = 0; b < blocks; ++b, p += kBlock) {
    masks[b] = Join(SpacesOf16(p), SpacesOf16(p + 16), SpacesOf16(p + 32), SpacesOf16(p + 48));
  }
}

void NewlinesSse2(const char* p, size_t blocks, uint64_t* masks) {
  for (size_t b = 0; b < blocks; ++b, p += kBlock) {
    masks[b] = Join(NewlinesOf16(p), NewlinesOf16(p + 16), NewlinesOf16(p + 32), NewlinesOf16(p + 48));
  }
}

__attribute__((target("avx2"))) void SpacesAvx2(const char* p, size_t blocks, uint64_t* masks) {
  const __m256i tab = _mm256_set1_epi8('\t');
  const __m256i range = _mm256_set1_epi8('\r' - '\t');
  const __m256i blank = _mm256_set1_epi8(' ');
  for (size_t half = 0; half < blocks * 2; ++half, p += kBlock / 2) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i from_tab = _mm256_sub_epi8(bytes, tab);
    const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(from_tab, range), from_tab);
    const __m256i found = _mm256_or_si256(control, _mm256_cmpeq_epi8(bytes, blank));
    const uint32_t bits = static_cast<uint32_t>(_mm256_movemask_epi8(found));
    std::memcpy(reinterpret_cast<char*>(masks) + half * sizeof(bits), &bits, sizeof(bits));
  }
}

__attribute__((target("avx2"))) void NewlinesAvx2(const char* p, size_t blocks, uint64_t* masks) {
  const __m256i newline = _mm256_set1_epi8('\n');
  for (size_t half = 0; half < blocks * 2; ++half, p += kBlock / 2) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const uint32_t bits = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, newline)));
    std::memcpy(reinterpret_cast<char*>(masks) + half * sizeof(bits), &bits, sizeof(bits));
  }
}

struct Classifiers {
  FillMasks spaces;
  FillMasks newlines;
};

Classifiers ChooseClassifiers() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) return {SpacesAvx2, NewlinesAvx2};
  return {SpacesSse2, NewlinesSse2};
}

const Classifiers& Fastest() {
  static const Classifiers chosen = ChooseClassifiers();
  return chosen;
}

// Masks of the next window of `size` > 0 bytes of text; what lies behind the text reads as `padding`. Returns
// the number of masks.
size_t FillWindow(FillMasks fill, const char* p, size_t size, char padding, uint64_t* masks) {
  const size_t whole = std::min(size / kBlock, kWindow);
  fill(p, whole, masks);
  if (whole == kWindow || size % kBlock == 0) return whole;
  char last[kBlock];
  std::memset(last, padding, kBlock);
  std::memcpy(last, p + whole * kBlock, size % kBlock);
  fill(last, 1, masks + whole);
  return whole + 1;
}

uint64_t WithoutLowest(uint64_t bits) { return bits & (bits - 1); }

}  // namespace

size_t SplitWordsInto(std::string_view text, size_t& position, std::string_view* out, size_t capacity) {
  const FillMasks fill = Fastest().spaces;
  const char* const end = text.data() + text.size();
  const char* base = text.data() + position;
  const char* start = base;  // Of the word that the last block left open, if `open`.
  uint64_t open = 0;
  size_t count = 0;
  uint64_t masks[kWindow + 1];
  while (base < end) {
    const size_t blocks = FillWindow(fill, base, static_cast<size_t>(end - base), ' ', masks);
    for (size_t b = 0; b < blocks; ++b, base += kBlock) {
      const uint64_t letters = ~masks[b];
      const uint64_t shifted = letters << 1 | open;
      uint64_t starts = letters & ~shifted;
      uint64_t ends = ~letters & shifted;
      if (capacity - count <= kBlock / 2) {
        // Close to full: word by word.
        while (ends != 0) {
          if (!open) {
            start = base + std::countr_zero(starts);
            starts = WithoutLowest(starts);
          }
          open = 0;
          if (count == capacity) {
            position = static_cast<size_t>(start - text.data());
            return count;
          }
          const char* stop = base + std::countr_zero(ends);
          out[count++] = {start, static_cast<size_t>(stop - start)};
          ends = WithoutLowest(ends);
        }
      } else {
        if (open && ends != 0) {
          out[count++] = {start, static_cast<size_t>(base + std::countr_zero(ends) - start)};
          ends = WithoutLowest(ends);
        }
        while (ends != 0) {
          const int first = std::countr_zero(starts);
          out[count++] = {base + first, static_cast<size_t>(std::countr_zero(ends) - first)};
          starts = WithoutLowest(starts);
          ends = WithoutLowest(ends);
        }
      }
      open = letters >> 63;
      if (starts != 0) start = base + std::countr_zero(starts);
    }
  }
  if (open) {
    if (count == capacity) {
      position = static_cast<size_t>(start - text.data());
      return count;
    }
    out[count++] = {start, static_cast<size_t>(end - start)};
  }
  position = text.size();
  return count;
}

size_t SplitLinesInto(std::string_view text, size_t& position, std::string_view* out, size_t capacity) {
  const FillMasks fill = Fastest().newlines;
  const char* const end = text.data() + text.size();
  const char* base = text.data() + position;
  const char* start = base;
  size_t count = 0;
  uint64_t masks[kWindow + 1];
  while (base < end) {
    const size_t blocks = FillWindow(fill, base, static_cast<size_t>(end - base), ' ', masks);
    for (size_t b = 0; b < blocks; ++b, base += kBlock) {
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
