#include <gtest/gtest.h>
#include <millstream/exec/keyed_record_reader.h>
#include <millstream/exec/shuffle_writer.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace millstream::exec {
namespace {

using Record = std::pair<std::string, std::string>;

// Values of these tests: one byte that says how many follow.
const char* SkipShort(const char* begin, const char* end) {
  if (begin == end || end - begin - 1 < static_cast<unsigned char>(*begin)) return nullptr;
  return begin + 1 + static_cast<unsigned char>(*begin);
}

std::string Short(std::string_view text) { return static_cast<char>(text.size()) + std::string(text); }

std::vector<Record> Read(const Slices& slices, const ValueExtent& extent, size_t capacity = 1024) {
  std::vector<Record> records;
  std::vector<std::string_view> keys(capacity), values(capacity);
  for (const Bytes& slice : slices) {
    KeyedRecordReader reader(slice.view, extent);
    while (const size_t count = reader.Next(keys.data(), values.data(), capacity)) {
      for (size_t i = 0; i < count; ++i) records.emplace_back(keys[i], values[i]);
    }
    EXPECT_TRUE(reader.status().ok());
  }
  return records;
}

std::vector<Record> RandomRecords(size_t count) {
  std::mt19937 random(5);
  std::vector<Record> records;
  for (size_t i = 0; i < count; ++i) {
    records.emplace_back("key" + std::to_string(random() % 5000), Short(std::string(random() % 100, 'v')));
  }
  return records;
}

TEST(ShuffleWriterTest, EveryRecordReachesItsPartitionInOrder) {
  const std::vector<Record> records = RandomRecords(20000);
  for (uint32_t partitions : {1u, 2u, 7u, 300u, 4096u}) {
    SliceCollector collector(partitions);
    ShuffleWriter writer(partitions, &collector);
    std::vector<std::vector<Record>> expected(partitions);
    for (const Record& record : records) {
      const uint64_t hash = HashKey(record.first);
      writer.Append(hash, record.first, record.second);
      expected[PartitionOf(HashSlot(hash), partitions)].push_back(record);
    }
    ASSERT_TRUE(writer.Finish().ok());
    for (uint32_t i = 0; i < partitions; ++i) {
      const Slices& slices = collector.partitions()[i];
      ASSERT_EQ(Read(slices, {.skip = SkipShort}, 1 + i % 50), expected[i]);
      for (const Bytes& slice : slices) EXPECT_LE(slice.view.size(), kSliceBytes);
      EXPECT_EQ(slices.empty(), expected[i].empty());
    }
  }
}

TEST(ShuffleWriterTest, TheSameRecordsGiveTheSameSlices) {
  const std::vector<Record> records = RandomRecords(50000);
  std::vector<std::string> runs[2];
  for (auto& run : runs) {
    SliceCollector collector(5);
    ShuffleWriter writer(5, &collector);
    for (const Record& record : records) writer.Append(HashKey(record.first), record.first, record.second);
    ASSERT_TRUE(writer.Finish().ok());
    for (const Slices& slices : collector.partitions()) {
      for (const Bytes& slice : slices) run.emplace_back(slice.view);
    }
  }
  EXPECT_EQ(runs[0], runs[1]);
}

TEST(ShuffleWriterTest, WritesATableInOrderOfInsertion) {
  const SlotType type{
      .size = 8, .align = 8, .encode = [](const void* slot, Encoder& out) { out.PutFixed(slot, 8); }};
  AggregationTable table(type);
  std::map<std::string, int64_t> expected;
  for (int64_t i = 0; i < 1000; ++i) {
    const std::string key = std::to_string(i * 7919);
    const std::string_view view = key;
    void* slot;
    uint8_t inserted;
    table.Upsert({&view, 1}, &slot, &inserted);
    *static_cast<int64_t*>(slot) = i;
    expected[key] = i;
  }
  SliceCollector collector(3);
  ShuffleWriter writer(3, &collector);
  writer.AppendTable(table);
  ASSERT_TRUE(writer.Finish().ok());
  std::map<std::string, int64_t> found;
  for (const Slices& slices : collector.partitions()) {
    int64_t last = -1;
    for (const Record& record : Read(slices, {.fixed_size = 8})) {
      int64_t value;
      std::memcpy(&value, record.second.data(), 8);
      EXPECT_GT(value, last);
      last = value;
      found[record.first] = value;
    }
  }
  EXPECT_EQ(found, expected);
}

TEST(ShuffleWriterTest, TakesLongKeysAndValuesAndEmptyOnes) {
  const std::string huge(2 * kSliceBytes, 'k');
  SliceCollector collector(1);
  ShuffleWriter writer(1, &collector);
  const std::vector<Record> records = {{"", ""}, {huge, ""}, {"", ""}, {huge + huge, ""}, {"end", ""}};
  for (const Record& record : records) writer.Append(HashKey(record.first), record.first, record.second);
  ASSERT_TRUE(writer.Finish().ok());
  EXPECT_EQ(Read(collector.partitions()[0], {.fixed_size = 0}), records);
  EXPECT_EQ(collector.partitions()[0].size(), 5u);
}

TEST(ShuffleWriterTest, HandsSlicesOverAsTheyFillAndHoldsLittleItself) {
  class Counter : public SliceSink {
   public:
    absl::Status Add(uint32_t, Bytes slice) override {
      bytes += slice.view.size();
      return absl::OkStatus();
    }
    size_t bytes = 0;
  };
  Counter counter;
  ShuffleWriter writer(1000, &counter);
  const std::string value(200, 'v');
  size_t written = 0;
  for (int i = 0; i < 300000; ++i) {
    const std::string key = std::to_string(i);
    writer.Append(HashKey(key), key, value);
    written += 1 + key.size() + value.size();
    ASSERT_LE(written - counter.bytes, ShuffleWriter::kBufferBytes);
  }
  ASSERT_TRUE(writer.Finish().ok());
  EXPECT_EQ(counter.bytes, written);
}

TEST(ShuffleWriterTest, RemembersTheFirstErrorOfTheSink) {
  class Full : public SliceSink {
   public:
    absl::Status Add(uint32_t, Bytes) override {
      return absl::ResourceExhaustedError("full " + std::to_string(++calls));
    }
    int calls = 0;
  };
  Full full;
  ShuffleWriter writer(2, &full);
  for (int i = 0; i < 100; ++i) writer.Append(HashKey("k"), "k", std::string(100000, 'v'));
  EXPECT_EQ(writer.status().message(), "full 1");
  EXPECT_EQ(writer.Finish().message(), "full 1");
  EXPECT_EQ(full.calls, 1);
}

TEST(ShuffleWriterTest, RowsGoRoundFromTheSeed) {
  SliceCollector collector(3);
  ShuffleWriter writer(3, &collector, /*seed=*/7);
  for (char c = 'a'; c <= 'g'; ++c) writer.AppendRow(std::string(1, c));
  ASSERT_TRUE(writer.Finish().ok());
  EXPECT_EQ(collector.partitions()[1].at(0).view, "adg");
  EXPECT_EQ(collector.partitions()[2].at(0).view, "be");
  EXPECT_EQ(collector.partitions()[0].at(0).view, "cf");
}

TEST(KeyedRecordReaderTest, RefusesEveryTruncation) {
  SliceCollector collector(1);
  ShuffleWriter writer(1, &collector);
  writer.Append(0, "key", Short("value"));
  ASSERT_TRUE(writer.Finish().ok());
  const std::string_view whole = collector.partitions()[0].at(0).view;
  for (size_t size = 1; size < whole.size(); ++size) {
    for (const ValueExtent& extent : {ValueExtent{.skip = SkipShort}, ValueExtent{.fixed_size = 6}}) {
      const std::string cut(whole.substr(0, size));
      KeyedRecordReader reader(cut, extent);
      std::string_view key, value;
      EXPECT_EQ(reader.Next(&key, &value, 1), 0u);
      EXPECT_EQ(reader.status().code(), absl::StatusCode::kDataLoss);
      EXPECT_EQ(reader.Next(&key, &value, 1), 0u);
    }
  }
}

}  // namespace
}  // namespace millstream::exec
