#include <gtest/gtest.h>
#include <millstream/exec/hash.h>

#include <string>
#include <vector>

#include "common/exec/crc32c.h"

namespace millstream::exec {
namespace {

// The vectors of docs/formats.md, "Hashing".
TEST(HashKeyTest, GivesTheDocumentedValues) {
  EXPECT_EQ(HashKey(""), 0x2d06800538d394c2u);
  EXPECT_EQ(HashKey("a"), 0xe6c632b61e964e1fu);
  EXPECT_EQ(HashKey("abc"), 0x78af5f94892f3950u);
  EXPECT_EQ(HashKey("w00000001"), 0xee1cf301af41b502u);
  EXPECT_EQ(HashKey("the quick brown fox"), 0x70ec367636ee7079u);
  EXPECT_EQ(HashKey(std::string(300, 'x')), 0xa5d1b4607dc83554u);
}

TEST(HashKeyTest, BatchesGiveTheSameAsSingleKeys) {
  std::vector<std::string> texts;
  for (size_t size = 0; size < 600; size = size < 40 ? size + 1 : size + 37)
    texts.push_back(std::string(size, 'k'));
  std::vector<std::string_view> keys(texts.begin(), texts.end());
  std::vector<uint64_t> hashes(keys.size());
  HashKeys(keys.data(), keys.size(), hashes.data());
  for (size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(hashes[i], HashKey(keys[i]));
}

TEST(PartitionTest, SlotsFallIntoEqualRangesThatCoverAllPartitions) {
  for (uint32_t partitions : {1u, 2u, 3u, 7u, 64u, 4096u, 65536u}) {
    std::vector<size_t> slots(partitions);
    uint32_t last = 0;
    for (uint32_t slot = 0; slot < kHashSlots; ++slot) {
      const uint32_t partition = PartitionOf(slot, partitions);
      ASSERT_LT(partition, partitions);
      ASSERT_GE(partition, last);
      last = partition;
      ++slots[partition];
    }
    for (size_t count : slots) {
      EXPECT_GE(count, kHashSlots / partitions);
      EXPECT_LE(count, kHashSlots / partitions + 1);
    }
  }
  EXPECT_EQ(HashSlot(0xabcd000000000001u), 0xabcdu);
}

TEST(Crc32cTest, GivesTheValuesOfRfc3720) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

TEST(Crc32cTest, ContinuesFromASeedAtEverySplit) {
  std::string text;
  for (int i = 0; i < 10000; ++i) text.push_back(static_cast<char>(i * 31 + i / 7));
  const uint32_t whole = Crc32c(text);
  for (size_t split = 0; split <= text.size(); split += split < 80 ? 1 : 531) {
    const std::string_view view(text);
    EXPECT_EQ(Crc32c(view.substr(split), Crc32c(view.substr(0, split))), whole) << split;
  }
}

TEST(Crc32cTest, LongTextsAgreeWithTheDefinition) {
  std::string text;
  for (int i = 0; i < 7001; ++i) text.push_back(static_cast<char>(i * i + i / 11));
  uint32_t crc = ~0u;
  for (char c : text) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0u);
  }
  EXPECT_EQ(Crc32c(text), ~crc);
  EXPECT_EQ(Crc32cByTable(text), ~crc);
  EXPECT_EQ(Crc32cByTable(text.substr(100), Crc32cByTable(text.substr(0, 100))), ~crc);
}

}  // namespace
}  // namespace millstream::exec
