// The byte core on its own: nanoseconds per word for splitting, hashing, aggregating and shuffling the text
// of the word count benchmark (lines of ten 9-byte words, Zipf). Best of several rounds, CPU time of one
// thread.
//
//   table_bench [VOCABULARY]
#include <millstream/exec/aggregation_table.h>
#include <millstream/exec/encoder.h>
#include <millstream/exec/hash.h>
#include <millstream/exec/keyed_record_reader.h>
#include <millstream/exec/shuffle_writer.h>
#include <millstream/exec/split.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

namespace millstream::exec {
namespace {

constexpr size_t kTextBytes = size_t{64} << 20;
constexpr size_t kBatch = AggregationTable::kBatch;
constexpr int kRounds = 7;

const SlotType kCount{.size = sizeof(int64_t),
                      .align = alignof(int64_t),
                      .encode = [](const void* slot, Encoder& out) { out.PutFixed(slot, sizeof(int64_t)); }};

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string ZipfText(size_t vocabulary) {
  std::vector<double> cumulative(vocabulary);
  double sum = 0;
  for (size_t i = 0; i < vocabulary; ++i) cumulative[i] = sum += 1.0 / static_cast<double>(i + 1);
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform(0, sum);
  std::string text;
  for (size_t words = 1; text.size() < kTextBytes; ++words) {
    const auto at = std::lower_bound(cumulative.begin(), cumulative.end(), uniform(random));
    const std::string id = std::to_string(at - cumulative.begin());
    text += 'w' + std::string(8 - std::min<size_t>(8, id.size()), '0') + id + (words % 10 == 0 ? '\n' : ' ');
  }
  return text;
}

// Prints the best round of `run`, which returns how many words it handled.
template <class Run>
void Measure(const char* name, Run run) {
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const double start = CpuSeconds();
    const size_t words = run();
    best = std::min(best, (CpuSeconds() - start) / static_cast<double>(words));
  }
  std::printf("%-34s %7.2f ns/word %7.2f GB/s\n", name, best * 1e9, 10 / (best * 1e9));
}

void Count(AggregationTable& table, const std::string_view* words, size_t count) {
  void* slots[kBatch];
  uint8_t inserted[kBatch];
  table.Upsert({words, count}, slots, inserted);
  for (size_t i = 0; i < count; ++i) {
    auto* slot = static_cast<int64_t*>(slots[i]);
    *slot = inserted[i] != 0 ? 1 : *slot + 1;
  }
}

// Splits `text` into lines and these into words; use(words, count) for each batch. Returns the number of
// words.
template <class Use>
size_t ForEachBatch(std::string_view text, Use use) {
  std::string_view lines[kBatch];
  std::string_view words[kBatch];
  size_t total = 0;
  size_t position = 0;
  while (const size_t line_count = SplitLinesInto(text, position, lines, kBatch)) {
    LinesCursor cursor;
    while (const size_t count = SplitWordsInto(lines, line_count, cursor, words, kBatch)) {
      use(words, count);
      total += count;
    }
  }
  return total;
}

void MeasureText(const std::string& text) {
  Measure("words of the text", [&] {
    std::string_view words[kBatch];
    size_t total = 0;
    size_t position = 0;
    while (const size_t count = SplitWordsInto(text, position, words, kBatch)) total += count;
    return total;
  });
  Measure("lines, then their words",
          [&] { return ForEachBatch(text, [](const std::string_view*, size_t) {}); });
  Measure("the same, counted in a new table", [&] {
    AggregationTable table(kCount);
    return ForEachBatch(text,
                        [&](const std::string_view* words, size_t count) { Count(table, words, count); });
  });
}

void MeasureTable(const std::vector<std::string_view>& words) {
  const auto for_batches = [&](auto use) {
    for (size_t i = 0; i < words.size(); i += kBatch) use(&words[i], std::min(kBatch, words.size() - i));
    return words.size();
  };
  Measure("hash", [&] {
    uint64_t hashes[kBatch];
    return for_batches([&](const std::string_view* keys, size_t count) { HashKeys(keys, count, hashes); });
  });
  Measure("upsert and fold, new table", [&] {
    AggregationTable table(kCount);
    return for_batches([&](const std::string_view* keys, size_t count) { Count(table, keys, count); });
  });
  AggregationTable table(kCount);
  const auto count_all = [&] {
    return for_batches([&](const std::string_view* keys, size_t count) { Count(table, keys, count); });
  };
  count_all();
  Measure("upsert and fold, no new keys", count_all);
}

void MeasureShuffle(const std::vector<std::string_view>& words) {
  AggregationTable table(kCount);
  for (size_t i = 0; i < words.size(); i += kBatch)
    Count(table, &words[i], std::min(kBatch, words.size() - i));
  Slices slices;
  for (uint32_t partitions : {2u, 64u}) {
    Measure(partitions == 2 ? "table to 2 partitions (per key)" : "table to 64 partitions (per key)", [&] {
      SliceCollector collector(partitions);
      ShuffleWriter writer(partitions, &collector);
      writer.AppendTable(table);
      if (!writer.Finish().ok()) std::abort();
      slices = std::move(collector.partitions()[0]);
      return table.size();
    });
  }
  Measure("records of slices (per key)", [&] {
    std::string_view keys[kBatch];
    std::string_view values[kBatch];
    size_t total = 0;
    for (const Bytes& slice : slices) {
      KeyedRecordReader reader(slice.view, {.fixed_size = sizeof(int64_t)});
      while (const size_t count = reader.Next(keys, values, kBatch)) total += count;
    }
    return total;
  });
}

void MeasureTinyTable() {
  const std::string_view keys[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
  constexpr int kTables = 100000;
  const double start = CpuSeconds();
  for (int i = 0; i < kTables; ++i) {
    AggregationTable table(kCount);
    Count(table, keys, 10);
  }
  std::printf("%-34s %7.0f ns\n", "a table of 10 keys, life and death",
              (CpuSeconds() - start) * 1e9 / kTables);
}

int Main(int argc, char** argv) {
  const size_t vocabulary = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100000;
  const std::string text = ZipfText(std::max<size_t>(vocabulary, 1));
  std::vector<std::string_view> words(text.size() / 10 + 1);
  size_t position = 0;
  words.resize(SplitWordsInto(text, position, words.data(), words.size()));
  MeasureText(text);
  MeasureTable(words);
  MeasureShuffle(words);
  MeasureTinyTable();
  return 0;
}

}  // namespace
}  // namespace millstream::exec

int main(int argc, char** argv) { return millstream::exec::Main(argc, argv); }
