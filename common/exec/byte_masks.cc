#include "common/exec/byte_masks.h"

#include <immintrin.h>

#include <cstring>

namespace millstream::exec {
namespace {

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
  for (size_t b = 0; b < blocks; ++b, p += kMaskBytes) {
    masks[b] = Join(SpacesOf16(p), SpacesOf16(p + 16), SpacesOf16(p + 32), SpacesOf16(p + 48));
  }
}

void NewlinesSse2(const char* p, size_t blocks, uint64_t* masks) {
  for (size_t b = 0; b < blocks; ++b, p += kMaskBytes) {
    masks[b] = Join(NewlinesOf16(p), NewlinesOf16(p + 16), NewlinesOf16(p + 32), NewlinesOf16(p + 48));
  }
}

// Between two windows of a text its words go through a whole table, and the CPU's own prefetching loses
// track.
constexpr size_t kAhead = 4096;

__attribute__((target("avx2"))) void SpacesAvx2(const char* p, size_t blocks, uint64_t* masks) {
  const __m256i tab = _mm256_set1_epi8('\t');
  const __m256i range = _mm256_set1_epi8('\r' - '\t');
  const __m256i blank = _mm256_set1_epi8(' ');
  for (size_t half = 0; half < blocks * 2; ++half, p += kMaskBytes / 2) {
    __builtin_prefetch(p + kAhead);
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
  for (size_t half = 0; half < blocks * 2; ++half, p += kMaskBytes / 2) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const uint32_t bits = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, newline)));
    std::memcpy(reinterpret_cast<char*>(masks) + half * sizeof(bits), &bits, sizeof(bits));
  }
}

constexpr Classifiers kBaseline = {SpacesSse2, NewlinesSse2};

Classifiers ChooseClassifiers() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) return {SpacesAvx2, NewlinesAvx2};
  return kBaseline;
}

}  // namespace

const Classifiers& FastestClassifiers() {
  static const Classifiers chosen = ChooseClassifiers();
  return chosen;
}

const Classifiers& BaselineClassifiers() { return kBaseline; }

}  // namespace millstream::exec
