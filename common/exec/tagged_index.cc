#include <immintrin.h>
#include <millstream/exec/tagged_index.h>

#include <cstring>

namespace millstream::exec {
namespace {

// Bit i is set if word i of the group agrees with `tag` in the bits of `mask`.
uint32_t MatchesSse2(const uint32_t* group, uint32_t tag, uint32_t mask) {
  uint32_t matches = 0;
  for (size_t i = 0; i < TaggedGroups::kWords; i += 4) {
    const __m128i bits = _mm_and_si128(_mm_load_si128(reinterpret_cast<const __m128i*>(group + i)),
                                       _mm_set1_epi32(static_cast<int>(mask)));
    const __m128i equal = _mm_cmpeq_epi32(bits, _mm_set1_epi32(static_cast<int>(tag)));
    matches |= static_cast<uint32_t>(_mm_movemask_ps(_mm_castsi128_ps(equal))) << i;
  }
  return matches;
}

[[gnu::target("avx2,bmi,bmi2")]] uint32_t MatchesAvx2(const uint32_t* group, uint32_t tag, uint32_t mask) {
  uint32_t matches = 0;
  for (size_t i = 0; i < TaggedGroups::kWords; i += 8) {
    const __m256i bits = _mm256_and_si256(_mm256_load_si256(reinterpret_cast<const __m256i*>(group + i)),
                                          _mm256_set1_epi32(static_cast<int>(mask)));
    const __m256i equal = _mm256_cmpeq_epi32(bits, _mm256_set1_epi32(static_cast<int>(tag)));
    matches |= static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(equal))) << i;
  }
  return matches;
}

template <auto kMatches>
[[gnu::always_inline]] inline void Find(const TaggedGroups& groups, const Arena::Positions& positions,
                                        const uint64_t* hashes, size_t count, char** likely) {
  for (size_t i = 0; i < count; ++i) {
    const uint32_t* const group = groups.Group(hashes[i]);
    // Without a match the last word does: keys are compared anyway, and free words are the last of a group.
    const uint32_t matches =
        kMatches(group, groups.Tag(hashes[i]), ~groups.position_mask) | 1u << (TaggedGroups::kWords - 1);
    const uint32_t word = group[std::countr_zero(matches)];
    likely[i] = word == 0 ? nullptr : positions.At(word & groups.position_mask);
    __builtin_prefetch(likely[i]);
  }
}

void FindSse2(TaggedGroups groups, Arena::Positions positions, const uint64_t* hashes, size_t count,
              char** likely) {
  Find<MatchesSse2>(groups, positions, hashes, count, likely);
}

[[gnu::target("avx2,bmi,bmi2")]] void FindAvx2(TaggedGroups groups, Arena::Positions positions,
                                               const uint64_t* hashes, size_t count, char** likely) {
  Find<MatchesAvx2>(groups, positions, hashes, count, likely);
}

FindLikely Choose() {
  __builtin_cpu_init();
  const bool has_all =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  return has_all ? FindAvx2 : FindSse2;
}

}  // namespace

FindLikely FastestFindLikely() {
  static const FindLikely chosen = Choose();
  return chosen;
}

FindLikely BaselineFindLikely() { return FindSse2; }

void TaggedIndex::Reset(size_t capacity, uint32_t position_mask) {
  Release();
  memory_ = RecycledMemory(capacity * sizeof(uint32_t));
  groups_ = {.words = reinterpret_cast<uint32_t*>(memory_.data()),
             .mask = capacity / TaggedGroups::kWords - 1,
             .position_mask = position_mask};
  Clear();
}

void TaggedIndex::Clear() {
  if (memory_.data() != nullptr) std::memset(memory_.data(), 0, memory_.size());
}

void TaggedIndex::Release() {
  memory_ = RecycledMemory();
  groups_.words = nullptr;
}

void TaggedIndex::Add(uint64_t hash, uint32_t position) {
  for (uint64_t group_hash = hash;; ++group_hash) {
    uint32_t* const group = groups_.Group(group_hash);
    const uint32_t free = MatchesSse2(group, 0, ~uint32_t{0});
    if (free == 0) continue;
    group[std::countr_zero(free)] = groups_.Tag(hash) | position;
    return;
  }
}

uint32_t TaggedIndex::Matches(const uint32_t* group, uint64_t hash) const {
  return MatchesSse2(group, groups_.Tag(hash), ~groups_.position_mask);
}

}  // namespace millstream::exec
