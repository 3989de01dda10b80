#include <gtest/gtest.h>
#include <millstream/exec/tagged_index.h>

#include <cstring>
#include <random>
#include <vector>

namespace millstream::exec {
namespace {

constexpr size_t kAlignment = 32;
constexpr uint32_t kPositionMask = 16 * Arena::kChunkPositions - 1;

// Allocations that hold the hash by which the index knows them.
class TaggedIndexTest : public ::testing::Test {
 protected:
  void Reset(size_t capacity) {
    for (TaggedIndex* index : {&index_, &baseline_}) index->Reset(capacity, kPositionMask);
  }
  void Add(uint64_t hash) {
    char* const at = arena_.Allocate(kAlignment);
    std::memcpy(at, &hash, sizeof(hash));
    for (TaggedIndex* index : {&index_, &baseline_}) index->Add(hash, arena_.LastPosition(at));
    hashes_.push_back(hash);
  }
  static uint64_t HashAt(const char* at) {
    uint64_t hash;
    std::memcpy(&hash, at, sizeof(hash));
    return hash;
  }
  bool Has(uint64_t hash) const {
    const Arena::Positions positions = arena_.positions();
    return index_.Find(hash, [&](uint32_t at) { return HashAt(positions.At(at)) == hash; }).has_value();
  }

  Arena arena_{kAlignment};
  TaggedIndex index_, baseline_{BaselineFindLikely()};
  std::vector<uint64_t> hashes_;
};

TEST_F(TaggedIndexTest, FindsWhatWasAddedAndNothingElseWhenGroupsOverflow) {
  Reset(1024);
  for (uint64_t i = 0; i < 900; ++i) Add(i * 0x9e3779b97f4a7c15);
  for (int i = 0; i < 40; ++i) Add(7 + (uint64_t(i) << 40));  // More of one group than it has words.
  for (uint64_t hash : hashes_) EXPECT_TRUE(Has(hash)) << hash;
  for (uint64_t i = 900; i < 2000; ++i) EXPECT_FALSE(Has(i * 0x9e3779b97f4a7c15));
}

TEST_F(TaggedIndexTest, IsEmptyAfterClear) {
  Reset(128);
  Add(42);
  EXPECT_TRUE(Has(42));
  index_.Clear();
  EXPECT_FALSE(Has(42));
  EXPECT_EQ(index_.capacity(), 128u);
  index_.Release();
  EXPECT_EQ(index_.capacity(), 0u);
}

TEST_F(TaggedIndexTest, EveryCpuFindsTheSameEntries) {
  if (FastestFindLikely() == BaselineFindLikely()) GTEST_SKIP() << "this CPU has but one way";
  constexpr size_t kAsked = 4000;
  Reset(4096);
  std::mt19937_64 random(5);
  for (int i = 0; i < 3000; ++i) Add(random());
  std::vector<uint64_t> asked = hashes_;
  while (asked.size() < kAsked) asked.push_back(random());
  std::vector<char*> found(kAsked), baseline_found(kAsked);
  index_.FindEntries(arena_.positions(), asked.data(), kAsked, found.data());
  baseline_.FindEntries(arena_.positions(), asked.data(), kAsked, baseline_found.data());
  EXPECT_EQ(found, baseline_found);
  size_t right = 0;
  for (size_t i = 0; i < hashes_.size(); ++i) right += found[i] != nullptr && HashAt(found[i]) == asked[i];
  EXPECT_GT(right, hashes_.size() * 9 / 10);
}

}  // namespace
}  // namespace millstream::exec
