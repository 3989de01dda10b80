#include <gtest/gtest.h>
#include <millstream/exec/encoder.h>
#include <millstream/exec/hash.h>
#include <millstream/exec/spilling_table.h>

#include <filesystem>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/exec/spill_storage.h"
#include "tests/support/credentials.h"

namespace millstream::exec {
namespace {

int live_texts = 0;

// An accumulator that owns memory: what a fold that concatenates keeps.
const SlotType kText{
    .size = sizeof(std::string),
    .align = alignof(std::string),
    .destroy =
        [](void* slot) {
          std::destroy_at(static_cast<std::string*>(slot));
          --live_texts;
        },
    .encode = [](const void* slot, Encoder& out) { out.PutBytes(*static_cast<const std::string*>(slot)); },
    .decode =
        [](std::string_view bytes, void* slot) {
          if (bytes.starts_with("!")) return false;
          new (slot) std::string(bytes);
          ++live_texts;
          return true;
        },
    .merge = [](const void*, void* into,
                void* from) { *static_cast<std::string*>(into) += *static_cast<std::string*>(from); }};

struct Input {
  std::string key;
  std::string value;
};

std::vector<Input> RandomInput(size_t count, uint32_t keys) {
  std::mt19937 random(3);
  std::vector<Input> input;
  for (size_t i = 0; i < count; ++i) {
    input.push_back({"key" + std::to_string(random() % keys), std::to_string(i) + ","});
  }
  return input;
}

void Add(SpillingTable& table, const Input& input) {
  const std::string_view key = input.key;
  void* slot;
  uint8_t inserted;
  table.table().Upsert({&key, 1}, &slot, &inserted);
  if (inserted) {
    new (slot) std::string(input.value);
    ++live_texts;
  } else {
    *static_cast<std::string*>(slot) += input.value;
  }
}

using Output = std::vector<std::pair<std::string, std::string>>;

Output Drain(SpillingTable& table, size_t capacity) {
  Output output;
  std::vector<TableEntry> entries(capacity);
  for (;;) {
    const absl::StatusOr<size_t> count = table.Next(entries.data(), capacity);
    EXPECT_TRUE(count.ok()) << count.status();
    if (!count.ok() || *count == 0) return output;
    for (size_t i = 0; i < *count; ++i) {
      EXPECT_EQ(entries[i].hash, HashKey(entries[i].key));
      output.emplace_back(entries[i].key, std::move(*static_cast<std::string*>(entries[i].slot)));
    }
  }
}

std::map<std::string, std::string> AsMap(const Output& output) {
  std::map<std::string, std::string> map(output.begin(), output.end());
  EXPECT_EQ(map.size(), output.size()) << "a key came twice";
  return map;
}

Output Reduce(const std::vector<Input>& input, const SpillingTable::Options& options,
              size_t expected_runs_at_least, size_t capacity = 100) {
  SpillingTable table(kText, options);
  for (const Input& record : input) {
    Add(table, record);
    EXPECT_TRUE(table.Settle().ok());
  }
  EXPECT_TRUE(table.Finish().ok());
  EXPECT_GE(table.runs(), expected_runs_at_least);
  EXPECT_EQ(table.runs() > 0, expected_runs_at_least > 0);
  return Drain(table, capacity);
}

TEST(SpillingTableTest, WithoutSpillTheOrderIsThatOfInsertion) {
  MemorySpillStorage storage;
  const Output output = Reduce({{"b", "1"}, {"a", "2"}, {"b", "3"}}, {.storage = &storage}, 0);
  EXPECT_EQ(output, (Output{{"b", "13"}, {"a", "2"}}));
  EXPECT_EQ(live_texts, 0);
}

TEST(SpillingTableTest, NothingInNothingOut) {
  MemorySpillStorage storage;
  EXPECT_TRUE(Reduce({}, {.cap_bytes = 0, .storage = &storage}, 0).empty());
}

TEST(SpillingTableTest, SpillingChangesTheOrderButNotTheContent) {
  MemorySpillStorage storage;
  const std::vector<Input> input = RandomInput(20000, 3000);
  const auto expected = AsMap(Reduce(input, {.storage = &storage}, 0));
  for (size_t cap : {20000, 100000, 200000}) {
    for (size_t capacity : {1, 1024}) {
      const Output output = Reduce(input, {.cap_bytes = cap, .storage = &storage}, 2, capacity);
      EXPECT_EQ(AsMap(output), expected);
      for (size_t i = 1; i < output.size(); ++i) {
        EXPECT_LT(std::pair(HashKey(output[i - 1].first), output[i - 1].first),
                  std::pair(HashKey(output[i].first), output[i].first));
      }
    }
  }
  EXPECT_EQ(live_texts, 0);
}

TEST(SpillingTableTest, TheSameInputAndCapGiveTheSameOutput) {
  const std::vector<Input> input = RandomInput(20000, 3000);
  FileSpillStorage files(testing::TempDir());
  MemorySpillStorage memory;
  const Output first = Reduce(input, {.cap_bytes = 50000, .storage = &files}, 2);
  EXPECT_EQ(Reduce(input, {.cap_bytes = 50000, .storage = &memory}, 2), first);
}

TEST(SpillingTableTest, RecordsMayBeLongerThanTheReadBuffer) {
  MemorySpillStorage storage;
  std::vector<Input> input;
  for (int i = 0; i < 40; ++i) {
    input.push_back({std::string(30000, 'k') + std::to_string(i % 20), std::string(50000, 'v')});
  }
  const auto expected = AsMap(Reduce(input, {.storage = &storage}, 0));
  EXPECT_EQ(AsMap(Reduce(input, {.cap_bytes = 100000, .storage = &storage}, 5)), expected);
}

TEST(SpillingTableTest, GroupsAreConcatenatedInOrderOfArrival) {
  MemorySpillStorage storage;
  for (size_t cap : {size_t{5000}, size_t{1} << 30}) {
    SpillingTable table(GroupSlotType(), {.cap_bytes = cap, .storage = &storage});
    std::map<std::string, std::string> expected;
    for (const Input& input : RandomInput(20000, 300)) {
      const std::string_view key = input.key;
      void* slot;
      uint8_t inserted;
      table.table().Upsert({&key, 1}, &slot, &inserted);
      if (inserted) new (slot) GroupList{};
      table.table().AppendValue(slot, input.value);
      expected[input.key] += input.value;
      ASSERT_TRUE(table.Settle().ok());
    }
    ASSERT_TRUE(table.Finish().ok());
    EXPECT_EQ(table.runs() > 0, cap == 5000);
    std::map<std::string, std::string> found;
    TableEntry entries[64];
    while (const size_t count = table.Next(entries, 64).value()) {
      for (size_t i = 0; i < count; ++i) {
        const auto& list = *static_cast<GroupList*>(entries[i].slot);
        std::string& joined = found[std::string(entries[i].key)];
        for (const GroupBlock* block = list.first; block != nullptr; block = block->next)
          joined += block->view();
        EXPECT_EQ(list.values, static_cast<uint64_t>(std::count(joined.begin(), joined.end(), ',')));
      }
    }
    EXPECT_EQ(found, expected);
  }
}

TEST(SpillingTableTest, SpillFilesHaveNoNameWhileTheyAreInUse) {
  const test::TemporaryFolder folder;
  const std::string directory = folder.File("spill");
  std::filesystem::create_directory(directory);
  FileSpillStorage storage(directory);
  SpillingTable table(kText, {.cap_bytes = 1000, .storage = &storage});
  for (const Input& input : RandomInput(1000, 500)) {
    Add(table, input);
    ASSERT_TRUE(table.Settle().ok());
  }
  EXPECT_GT(table.runs(), 0u);
  EXPECT_TRUE(std::filesystem::is_empty(directory));
}

TEST(SpillingTableTest, AMissingDirectoryIsAnErrorThatNamesItAndTheSetting) {
  FileSpillStorage storage("/nonexistent/spill");
  SpillingTable table(kText, {.cap_bytes = 10, .storage = &storage});
  Add(table, {"key", "value"});
  const absl::Status status = table.Settle();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(std::string(status.message()).find("/nonexistent/spill"), std::string::npos);
  EXPECT_NE(std::string(status.message()).find("millstream.local.dir"), std::string::npos);
}

TEST(SpillingTableTest, AValueThatCannotBeDecodedIsDataLoss) {
  MemorySpillStorage storage;
  {
    SpillingTable table(kText, {.cap_bytes = 10, .storage = &storage});
    for (const char* key : {"a", "b", "c", "d"}) {
      Add(table, {key, key == std::string("c") ? "!damaged" : "fine"});
      ASSERT_TRUE(table.Settle().ok());
    }
    ASSERT_TRUE(table.Finish().ok());
    TableEntry entries[8];
    EXPECT_EQ(table.Next(entries, 8).status().code(), absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(live_texts, 0);
}

TEST(SpillingTableTest, AMergeThatThrowsLeavesNothingBehind) {
  MemorySpillStorage storage;
  SlotType throwing = kText;
  throwing.merge = [](const void*, void*, void*) { throw std::runtime_error("user code"); };
  {
    SpillingTable table(throwing, {.cap_bytes = 10, .storage = &storage});
    for (const char* key : {"a", "b", "a"}) {
      Add(table, {key, "value"});
      ASSERT_TRUE(table.Settle().ok());
    }
    ASSERT_TRUE(table.Finish().ok());
    TableEntry entries[8];
    EXPECT_THROW(static_cast<void>(table.Next(entries, 8)), std::runtime_error);
  }
  EXPECT_EQ(live_texts, 0);
}

class CountingBudget : public MemoryBudget {
 public:
  explicit CountingBudget(size_t limit) : limit_(limit) {}
  bool Reserve(size_t bytes) override {
    if (reserved + bytes > limit_) return false;
    reserved += bytes;
    most = std::max(most, reserved);
    return true;
  }
  void Release(size_t bytes) override { reserved -= bytes; }

  size_t reserved = 0;
  size_t most = 0;

 private:
  const size_t limit_;
};

TEST(SpillingTableTest, ReservesWhatItHoldsAndGivesItBack) {
  CountingBudget budget(size_t{1} << 30);
  MemorySpillStorage storage;
  const std::vector<Input> input = RandomInput(200000, 200000);
  Reduce({input.begin(), input.begin() + 100}, {.storage = &storage, .budget = &budget}, 0);
  EXPECT_EQ(budget.most, 0u) << "the first MiB is free";
  Reduce(input, {.storage = &storage, .budget = &budget}, 0);
  EXPECT_GT(budget.most, size_t{8} << 20);
  EXPECT_EQ(budget.reserved, 0u);
}

TEST(SpillingTableTest, ARefusingBudgetDoesNotChangeTheOutput) {
  CountingBudget none(0);
  MemorySpillStorage storage;
  const std::vector<Input> input = RandomInput(50000, 50000);
  EXPECT_EQ(Reduce(input, {.storage = &storage, .budget = &none}, 0),
            Reduce(input, {.storage = &storage}, 0));
}

TEST(SpillStorageTest, FilesReadBackWhatWasAppendedAndNothingBeyond) {
  FileSpillStorage files(testing::TempDir());
  MemorySpillStorage memory;
  for (SpillStorage* storage : {static_cast<SpillStorage*>(&files), static_cast<SpillStorage*>(&memory)}) {
    const auto file = storage->Create().value();
    ASSERT_TRUE(file->Append("hello ").ok());
    ASSERT_TRUE(file->Append("").ok());
    ASSERT_TRUE(file->Append("world").ok());
    EXPECT_EQ(file->size(), 11u);
    char text[5];
    ASSERT_TRUE(file->ReadAt(6, text, 5).ok());
    EXPECT_EQ(std::string_view(text, 5), "world");
    ASSERT_TRUE(file->ReadAt(11, text, 0).ok());
    EXPECT_EQ(file->ReadAt(7, text, 5).code(), absl::StatusCode::kOutOfRange);
    EXPECT_EQ(file->ReadAt(12, text, 0).code(), absl::StatusCode::kOutOfRange);
  }
}

}  // namespace
}  // namespace millstream::exec
