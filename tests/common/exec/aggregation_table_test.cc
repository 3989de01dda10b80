#include <gtest/gtest.h>
#include <millstream/exec/aggregation_table.h>
#include <millstream/exec/hash.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace millstream::exec {
namespace {

const SlotType kCount{.size = sizeof(int64_t), .align = alignof(int64_t)};

void Count(AggregationTable& table, const std::vector<std::string_view>& keys) {
  void* slots[AggregationTable::kBatch];
  uint8_t inserted[AggregationTable::kBatch];
  for (size_t begin = 0; begin < keys.size(); begin += AggregationTable::kBatch) {
    const size_t count = std::min(AggregationTable::kBatch, keys.size() - begin);
    table.Upsert({keys.data() + begin, count}, slots, inserted);
    for (size_t i = 0; i < count; ++i) {
      if (inserted[i]) *static_cast<int64_t*>(slots[i]) = 0;
      ++*static_cast<int64_t*>(slots[i]);
    }
  }
}

using Counts = std::vector<std::pair<std::string, int64_t>>;

// In the table's order; checks the hashes.
Counts Content(const AggregationTable& table) {
  Counts counts;
  table.ForEach([&](const TableEntry& entry) {
    EXPECT_EQ(entry.hash, HashKey(entry.key));
    EXPECT_EQ(table.KeyOf(entry.slot), entry.key);
    counts.emplace_back(entry.key, *static_cast<int64_t*>(entry.slot));
  });
  EXPECT_EQ(counts.size(), table.size());
  return counts;
}

// What a map and a list of first occurrences say.
Counts Expected(const std::vector<std::string_view>& keys) {
  std::map<std::string_view, size_t> place;
  Counts counts;
  for (std::string_view key : keys) {
    auto [it, is_new] = place.try_emplace(key, counts.size());
    if (is_new) counts.emplace_back(key, 0);
    ++counts[it->second].second;
  }
  return counts;
}

TEST(AggregationTableTest, IsEmptyAtFirst) {
  AggregationTable table(kCount);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.bytes(), 0u);
  EXPECT_EQ(table.allocated_bytes(), 0u);
  EXPECT_TRUE(Content(table).empty());
  table.Clear();
}

TEST(AggregationTableTest, KeepsEveryLengthOfKeyAndOrderOfInsertion) {
  std::vector<std::string> texts;
  for (size_t size = 0; size < 80; ++size) {
    texts.push_back(std::string(size, 'k'));
    for (size_t at = 0; at < size; ++at) {
      std::string other(size, 'k');
      other[at] = '\0';
      texts.push_back(other);
    }
  }
  std::vector<std::string_view> keys(texts.begin(), texts.end());
  keys.insert(keys.end(), texts.rbegin(), texts.rend());
  AggregationTable table(kCount);
  Count(table, keys);
  EXPECT_EQ(Content(table), Expected(keys));
}

TEST(AggregationTableTest, DuplicatesWithinABatchAreInsertedOnce) {
  AggregationTable table(kCount);
  const std::vector<std::string_view> keys = {"a", "b", "a", "a", "", "b", ""};
  void* slots[7];
  uint8_t inserted[7];
  table.Upsert(keys, slots, inserted);
  EXPECT_EQ(std::vector<int>(inserted, inserted + 7), (std::vector<int>{1, 1, 0, 0, 1, 0, 0}));
  EXPECT_EQ(slots[0], slots[2]);
  EXPECT_EQ(slots[0], slots[3]);
  EXPECT_EQ(slots[1], slots[5]);
  EXPECT_EQ(slots[4], slots[6]);
  EXPECT_NE(slots[0], slots[1]);
}

TEST(AggregationTableTest, AgreesWithAMapWhileItGrows) {
  std::mt19937 random(7);
  std::vector<std::string> texts;
  for (int i = 0; i < 300000; ++i) texts.push_back("w" + std::to_string(random() % 100000));
  const std::vector<std::string_view> keys(texts.begin(), texts.end());
  AggregationTable table(kCount);
  Count(table, keys);
  EXPECT_EQ(Content(table), Expected(keys));
}

TEST(AggregationTableTest, KeysWithEqualHashesStayApart) {
  std::vector<std::string> texts;
  for (int i = 0; i < 2000; ++i) texts.push_back("key" + std::to_string(i % 500));
  AggregationTable table(kCount);
  void* slots[500];
  uint8_t inserted[500];
  for (int round = 0; round < 4; ++round) {
    const std::vector<std::string_view> keys(texts.begin() + round * 500, texts.begin() + round * 500 + 500);
    const std::vector<uint64_t> hashes(500, 42);
    table.Upsert(keys, hashes.data(), slots, inserted);
    for (size_t i = 0; i < 500; ++i) {
      EXPECT_EQ(inserted[i], round == 0);
      EXPECT_EQ(table.KeyOf(slots[i]), keys[i]);
    }
  }
  EXPECT_EQ(table.size(), 500u);
}

TEST(AggregationTableTest, KeysMayBeLongerThanAnArenaChunk) {
  const std::string huge(3 << 20, 'x');
  const std::string other = huge.substr(1) + "y";
  const std::vector<std::string_view> keys = {"small", huge, "tiny", other, huge, "small", other};
  AggregationTable table(kCount);
  Count(table, keys);
  EXPECT_EQ(Content(table), Expected(keys));
}

// The smallest keys follow a key that fills a chunk, also in what Clear keeps.
TEST(AggregationTableTest, KeysAfterAKeyAsLongAsAChunkAreFound) {
  AggregationTable table(kCount);
  std::vector<std::string> texts;
  for (size_t size = (1 << 20) - 200; size <= (1 << 20) + 200; size += 8) {
    texts.push_back(std::string(size, 'l'));
    for (int i = 0; i < 5; ++i) texts.push_back("s" + std::to_string(texts.size()));
  }
  std::vector<std::string> small;
  for (int i = 0; i < 200000; ++i) small.push_back(std::to_string(i));
  for (int round = 0; round < 2; ++round) {
    for (const auto& batch : {texts, small}) {
      const std::vector<std::string_view> keys(batch.begin(), batch.end());
      std::vector<std::string_view> twice = keys;
      twice.insert(twice.end(), keys.begin(), keys.end());
      Count(table, twice);
      EXPECT_TRUE(Content(table) == Expected(twice));
      table.Clear();
    }
  }
}

TEST(AggregationTableTest, SlotsStayWhereTheyAreWhileTheTableGrows) {
  AggregationTable table(kCount);
  const std::string_view key = "first";
  void* slot;
  uint8_t inserted;
  table.Upsert({&key, 1}, &slot, &inserted);
  *static_cast<int64_t*>(slot) = 5;
  std::vector<std::string> texts;
  for (int i = 0; i < 50000; ++i) texts.push_back(std::to_string(i));
  Count(table, {texts.begin(), texts.end()});
  void* again;
  table.Upsert({&key, 1}, &again, &inserted);
  EXPECT_EQ(again, slot);
  EXPECT_EQ(*static_cast<int64_t*>(slot), 5);
}

TEST(AggregationTableTest, SlotsAreAligned) {
  for (size_t align : {1, 2, 4, 8, 16, 32, 64}) {
    AggregationTable table({.size = align, .align = align});
    std::vector<std::string> texts;
    for (int i = 0; i < 1000; ++i)
      texts.push_back(std::string(static_cast<size_t>(i % 40), 'a') + std::to_string(i));
    const std::vector<std::string_view> keys(texts.begin(), texts.end());
    void* slots[1000];
    uint8_t inserted[1000];
    table.Upsert(keys, slots, inserted);
    for (void* slot : slots) ASSERT_EQ(reinterpret_cast<uintptr_t>(slot) % align, 0u);
  }
}

TEST(AggregationTableTest, ATypeWithoutBytesMakesASetOfKeys) {
  AggregationTable table({.size = 0, .align = 1});
  const std::vector<std::string_view> keys = {"b", "a", "b"};
  void* slots[3];
  uint8_t inserted[3];
  table.Upsert(keys, slots, inserted);
  std::vector<std::string_view> distinct;
  table.ForEach([&](const TableEntry& entry) { distinct.push_back(entry.key); });
  EXPECT_EQ(distinct, (std::vector<std::string_view>{"b", "a"}));
}

TEST(AggregationTableTest, DestroysEverySlotOnceOnClearAndDestruction) {
  static int alive;
  alive = 0;
  const SlotType type{.size = 1, .align = 1, .destroy = [](void*) { --alive; }};
  std::vector<std::string> texts;
  for (int i = 0; i < 700; ++i) texts.push_back(std::to_string(i % 350));
  {
    AggregationTable table(type);
    for (int round = 0; round < 2; ++round) {
      void* slots[700];
      uint8_t inserted[700];
      table.Upsert(std::vector<std::string_view>(texts.begin(), texts.end()), slots, inserted);
      for (uint8_t is_new : inserted) alive += is_new;
      EXPECT_EQ(alive, 350);
      if (round == 0) {
        table.Clear();
        EXPECT_EQ(alive, 0);
      }
    }
  }
  EXPECT_EQ(alive, 0);
}

TEST(AggregationTableTest, BytesDependOnTheContentAloneNotOnWhatWasThereBefore) {
  std::vector<std::string> many, few;
  for (int i = 0; i < 100000; ++i) many.push_back("many" + std::to_string(i));
  for (int i = 0; i < 1000; ++i) few.push_back("few" + std::to_string(i));
  AggregationTable fresh(kCount), reused(kCount);
  Count(reused, {many.begin(), many.end()});
  EXPECT_GT(reused.bytes(), 100000u * 24);
  reused.Charge(1000);
  reused.Clear();
  EXPECT_EQ(reused.bytes(), 0u);
  Count(fresh, {few.begin(), few.end()});
  Count(reused, {few.begin(), few.end()});
  EXPECT_EQ(reused.bytes(), fresh.bytes());
  EXPECT_EQ(Content(reused), Content(fresh));
  fresh.Charge(100);
  fresh.Charge(-40);
  EXPECT_EQ(fresh.bytes(), reused.bytes() + 60);
}

TEST(AggregationTableTest, SortsByHashThenKey) {
  AggregationTable table(kCount);
  const std::vector<std::string_view> keys = {"d", "b", "c", "a"};
  const uint64_t hashes[] = {1, 9, 1, ~uint64_t{0}};
  void* slots[4];
  uint8_t inserted[4];
  table.Upsert(keys, hashes, slots, inserted);
  std::vector<std::string_view> sorted;
  for (const auto& entry : table.Sort()) sorted.push_back(table.Entry(entry).key);
  EXPECT_EQ(sorted, (std::vector<std::string_view>{"c", "d", "b", "a"}));
  table.Clear();
  Count(table, keys);
  EXPECT_EQ(Content(table), Expected(keys));
}

TEST(AggregationTableTest, GroupsKeepTheirValuesInOrderOfArrival) {
  AggregationTable table(GroupSlotType());
  std::mt19937 random(11);
  std::map<std::string, std::string> expected;
  std::map<std::string, uint64_t> expected_counts;
  for (int i = 0; i < 20000; ++i) {
    const std::string key = "k" + std::to_string(random() % 50);
    std::string value(i % 1000 == 0 ? 9000 : random() % 30, static_cast<char>('a' + i % 26));
    value += ';';
    const std::string_view view = key;
    void* slot;
    uint8_t inserted;
    table.Upsert({&view, 1}, &slot, &inserted);
    if (inserted) new (slot) GroupList{};
    table.AppendValue(slot, value);
    expected[key] += value;
    ++expected_counts[key];
  }
  EXPECT_EQ(table.size(), expected.size());
  table.ForEach([&](const TableEntry& entry) {
    const auto& list = *static_cast<const GroupList*>(entry.slot);
    std::string joined;
    for (const GroupBlock* block = list.first; block != nullptr; block = block->next) {
      joined += block->view();
      EXPECT_TRUE(block->used == 0 || block->view().back() == ';');  // Whole values.
    }
    EXPECT_EQ(joined, expected[std::string(entry.key)]);
    EXPECT_EQ(list.values, expected_counts[std::string(entry.key)]);
  });
}

TEST(AggregationTableTest, AFewKeysTakeFewBytes) {
  AggregationTable table(kCount);
  Count(table, {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"});
  EXPECT_LE(table.allocated_bytes(), 4096u);
}

}  // namespace
}  // namespace millstream::exec
