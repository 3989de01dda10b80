#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/client/context_test.h"

namespace millstream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using Texts = std::vector<std::string>;

class RddOperations : public ContextTest {
 protected:
  static auto Pairs() {
    return sc().Parallelize(
        std::vector<std::pair<std::string, int64_t>>{{"a", 1}, {"b", 2}, {"a", 3}, {"c", 4}, {"a", 5}}, 3);
  }
};

TEST_F(RddOperations, MapAndFilterGoRowByRowInOrder) {
  const auto rows = sc().Range(0, 10, 1, 3);
  EXPECT_EQ(rows.Map([](int64_t row) { return std::to_string(row * 2); }).Take(3).value(),
            (Texts{"0", "2", "4"}));
  EXPECT_THAT(rows.Filter([](int64_t row) { return row % 3 == 0; }).Collect().value(),
              ElementsAre(0, 3, 6, 9));
  EXPECT_THAT(
      rows.Map([](int64_t row) { return row > 7; }).Filter([](bool large) { return large; }).Count().value(),
      2);
}

TEST_F(RddOperations, FlatMapTakesContainersOptionalsAndLazyViews) {
  const auto rows = sc().Range(0, 4, 1, 2);
  EXPECT_THAT(rows.FlatMap([](int64_t row) { return std::vector<int64_t>(static_cast<size_t>(row), row); })
                  .Collect()
                  .value(),
              ElementsAre(1, 2, 2, 3, 3, 3));
  EXPECT_THAT(
      rows.FlatMap([](int64_t row) { return row % 2 ? std::optional(row) : std::nullopt; }).Collect().value(),
      ElementsAre(1, 3));
  EXPECT_THAT(rows.FlatMap([](int64_t row) { return std::views::iota(int64_t{0}, row); }).Collect().value(),
              ElementsAre(0, 0, 1, 0, 1, 2));
  EXPECT_EQ(rows.FlatMap([](int64_t row) { return std::vector<int64_t>(10'000, row); }).Count().value(),
            40'000);
}

TEST_F(RddOperations, WordsOfStoredTextsAreTheSameWhereverTheTextsAre) {
  const auto texts = sc().Parallelize(Texts{"a b", "", "c", "d e f"}, 2);
  const auto kept = texts.Map([](std::string text) { return text; }).Persist();
  const auto words = kept.FlatMap(SplitWords{});
  const auto all = ElementsAre("a", "b", "c", "d", "e", "f");
  EXPECT_THAT(texts.FlatMap(SplitWords{}).Collect().value(), all);
  EXPECT_THAT(words.Collect().value(), all);  // computes the texts and keeps them
  EXPECT_THAT(words.Collect().value(), all);
  EXPECT_THAT(texts.Repartition(3).FlatMap(SplitWords{}).Collect().value(),
              UnorderedElementsAre("a", "b", "c", "d", "e", "f"));
  EXPECT_THAT(words.Union(kept.Map([](const std::string& text) { return text + "!"; })).Collect().value(),
              ElementsAre("a", "b", "c", "d", "e", "f", "a b!", "!", "c!", "d e f!"));
}

TEST_F(RddOperations, FlatMapKeepsTextThatALazyRangeOwns) {
  const auto words = sc().Range(0, 3, 1, 1).FlatMap([](int64_t row) {
    return std::vector<std::string>{std::to_string(row) + "a", std::to_string(row) + "b"} |
           std::views::transform([](const std::string& text) { return std::string_view(text); });
  });
  EXPECT_EQ(words.Collect().value(), (Texts{"0a", "0b", "1a", "1b", "2a", "2b"}));
}

TEST_F(RddOperations, SplitWordsAndSplitLinesCutTextsOfEitherKind) {
  const auto texts = sc().Parallelize({"to be  or\tnot ", "", "to\r\nbe"}, 2);
  EXPECT_EQ(texts.FlatMap(SplitWords{}).Collect().value(), (Texts{"to", "be", "or", "not", "to", "be"}));
  EXPECT_EQ(texts.Map([](const std::string& text) { return std::string_view(text); })
                .FlatMap(SplitLines{})
                .Collect()
                .value(),
            (Texts{"to be  or\tnot ", "to", "be"}));
}

TEST_F(RddOperations, MapPartitionsSeesEveryPartitionAlsoTheEmptyOnes) {
  const auto sums = sc().Parallelize({5, 6}, 4).MapPartitions([](Reader<int>& rows) {
    int sum = 0;
    for (const int row : rows) sum += row;
    return std::vector{sum};
  });
  EXPECT_THAT(sums.Collect().value(), ElementsAre(0, 5, 0, 6));
  const auto first = sc().Range(0, 5000, 1, 2).MapPartitions([](Reader<int64_t>& rows) {
    auto row = rows.begin();
    return row == rows.end() ? std::optional<int64_t>() : std::optional<int64_t>(*row);
  });
  EXPECT_THAT(first.Collect().value(), ElementsAre(0, 2500));
}

TEST_F(RddOperations, MapPartitionsMayReturnAMapAndFlatMapBits) {
  const auto sums = sc().Parallelize({"a", "b", "a"}, 1).MapPartitions([](Reader<std::string>& rows) {
    std::map<std::string, int> counts;
    for (const std::string& row : rows) ++counts[row];
    return counts;
  });
  EXPECT_THAT(sums.Collect().value(), ElementsAre(Pair("a", 2), Pair("b", 1)));
  const auto bits = sc().Parallelize({5}, 1).FlatMap([](int n) {
    return std::vector<bool>{n % 2 == 1, n > 9};
  });
  EXPECT_THAT(bits.Collect().value(), ElementsAre(true, false));
}

TEST_F(RddOperations, MapPartitionsMayReturnARangeThatReadsAsItIsRead) {
  const auto odd = sc().Range(0, 5000, 1, 2).MapPartitions([](Reader<int64_t>& rows) {
    return rows | std::views::filter([](int64_t row) { return row % 2 == 1; }) |
           std::views::transform([](int64_t row) { return row * 10; });
  });
  EXPECT_EQ(odd.Count().value(), 2500);
  EXPECT_THAT(odd.Take(2).value(), ElementsAre(10, 30));
}

TEST_F(RddOperations, FunctionsMayTakeAPairApartAndCarryNamedState) {
  const auto sums =
      Pairs().Map(With(std::string("n="), int64_t{10},
                       [](const std::string& label, int64_t more, const std::string& key, int64_t value) {
                         return label + key + std::to_string(value + more);
                       }));
  EXPECT_EQ(sums.Take(2).value(), (Texts{"n=a11", "n=b12"}));
  struct Above {
    int64_t limit;
    bool operator()(const std::string&, int64_t value) const { return value > limit; }
  };
  EXPECT_EQ(Pairs().Filter(Above{3}).Count().value(), 2);
  EXPECT_EQ(Pairs()
                .Filter(With("b", [](std::string_view key, const auto& pair) { return pair.first == key; }))
                .Count()
                .value(),
            1);
}

TEST_F(RddOperations, MapValuesAndFlatMapValuesKeepTheKey) {
  EXPECT_THAT(Pairs().MapValues([](int64_t value) { return value * value; }).Collect().value(),
              ElementsAre(Pair("a", 1), Pair("b", 4), Pair("a", 9), Pair("c", 16), Pair("a", 25)));
  EXPECT_THAT(
      Pairs()
          .FlatMapValues([](int64_t value) { return std::views::iota(0, static_cast<int>(value % 3)); })
          .Collect()
          .value(),
      ElementsAre(Pair("a", 0), Pair("b", 0), Pair("b", 1), Pair("c", 0), Pair("a", 0), Pair("a", 1)));
  EXPECT_EQ(Pairs()
                .FlatMapValues([](int64_t value) { return value > 2 ? std::optional(value) : std::nullopt; })
                .Count()
                .value(),
            3);
}

TEST_F(RddOperations, KeyByPutsTheKeyBeforeTheRow) {
  EXPECT_THAT(sc().Parallelize({"ab", "c"}, 1)
                  .KeyBy([](const std::string& row) { return row.size(); })
                  .Collect()
                  .value(),
              ElementsAre(Pair(2, "ab"), Pair(1, "c")));
}

TEST_F(RddOperations, UnionMixesStringsAndViews) {
  const auto owned = sc().Parallelize({"a", "b"}, 1);
  const auto views = owned.Map([](const std::string& row) { return std::string_view(row); });
  EXPECT_EQ(owned.Union(views).Collect().value(), (Texts{"a", "b", "a", "b"}));
  EXPECT_EQ(views.Union(owned).Collect().value(), (Texts{"a", "b", "a", "b"}));
  EXPECT_EQ(owned.Union(views).NumPartitions(), 2);
  const auto pairs = views.KeyBy([](std::string_view row) { return row.size(); });
  const auto owned_pairs = owned.KeyBy([](const std::string& row) { return row.size(); });
  EXPECT_EQ(pairs.Union(owned_pairs).Count().value(), 4);
}

TEST_F(RddOperations, ReduceByKeyFoldsTheValuesOfEachKey) {
  EXPECT_THAT(Pairs().ReduceByKey(std::plus<>()).Collect().value(),
              UnorderedElementsAre(Pair("a", 9), Pair("b", 2), Pair("c", 4)));
  EXPECT_EQ(Pairs().ReduceByKey(std::plus<>()).NumPartitions(), 3);
  EXPECT_EQ(Pairs().ReduceByKey(std::plus<>(), {.num_partitions = 5}).NumPartitions(), 5);
  EXPECT_EQ(sc().Range(0, 50'000, 1, 4)
                .KeyBy([](int64_t row) { return row % 7'001; })
                .ReduceByKey([](int64_t a, int64_t b) { return std::max(a, b); })
                .Count()
                .value(),
            7'001);
}

TEST_F(RddOperations, GroupByKeyKeepsTheValuesInInputOrder) {
  EXPECT_THAT(Pairs().GroupByKey().Collect().value(),
              UnorderedElementsAre(Pair("a", ElementsAre(1, 3, 5)), Pair("b", ElementsAre(2)),
                                   Pair("c", ElementsAre(4))));
  const auto groups = sc().Range(0, 9'000, 1, 3)
                          .KeyBy([](int64_t row) { return row % 2; })
                          .GroupByKey({.num_partitions = 2})
                          .CollectAsMap();
  ASSERT_TRUE(groups.ok());
  EXPECT_EQ(groups->at(0).size(), 4'500u);
  EXPECT_TRUE(std::is_sorted(groups->at(1).begin(), groups->at(1).end()));
}

TEST_F(RddOperations, DistinctYieldsEachRowOnce) {
  EXPECT_THAT(sc().Parallelize({"x", "y", "x", "x"}, 3).Distinct().Collect().value(),
              UnorderedElementsAre("x", "y"));
  EXPECT_THAT(Pairs()
                  .Map([](const std::string& key, int64_t value) { return std::pair(key, value > 2); })
                  .Distinct()
                  .Count()
                  .value(),
              4);
}

TEST_F(RddOperations, RepartitionDealsRowsOutEvenly) {
  const auto parts = sc().Range(0, 100, 1, 2).Repartition(4).Glom().Collect().value();
  ASSERT_EQ(parts.size(), 4u);
  size_t rows = 0;
  for (const auto& part : parts) {
    EXPECT_NEAR(static_cast<double>(part.size()), 25, 2);
    rows += part.size();
  }
  EXPECT_EQ(rows, 100u);
  EXPECT_THAT(TextOf(sc().Range(0, 1).Repartition(0).Count().status()),
              HasSubstr("Number of partitions must be positive"));
}

TEST_F(RddOperations, CoalesceJoinsNeighboursAndNeverRaisesTheNumber) {
  const auto rows = sc().Range(0, 6, 1, 6);
  EXPECT_THAT(rows.Coalesce(2).Glom().Collect().value(),
              ElementsAre(ElementsAre(0, 1, 2), ElementsAre(3, 4, 5)));
  EXPECT_EQ(rows.Coalesce(9).NumPartitions(), 6);
  EXPECT_EQ(rows.Coalesce(9, {.shuffle = true}).NumPartitions(), 9);
  EXPECT_EQ(rows.Coalesce(9, {.shuffle = true}).Count().value(), 6);
  EXPECT_THAT(TextOf(rows.Coalesce(0).Count().status()), HasSubstr("must be positive"));
  EXPECT_EQ(sc().EmptyRdd<int>().Coalesce(3).Count().value(), 0);
  EXPECT_THAT(sc().Union({rows, sc().Range(10, 12, 1, 2)}).Coalesce(3).Collect().value(),
              ElementsAre(0, 1, 2, 3, 4, 5, 10, 11));
}

TEST_F(RddOperations, ZipPairsRowsOfEqualPartitions) {
  const auto numbers = sc().Range(0, 3000, 1, 2);
  const auto texts = numbers.Map([](int64_t row) { return "t" + std::to_string(row); });
  const auto zipped = numbers.Zip(texts);
  EXPECT_THAT(zipped.Take(2).value(), ElementsAre(Pair(0, "t0"), Pair(1, "t1")));
  EXPECT_EQ(zipped.Count().value(), 3000);
  const auto thinned = numbers.FlatMap([](int64_t row) { return std::vector<int64_t>{row}; });
  EXPECT_EQ(thinned.Zip(numbers).Filter([](int64_t a, int64_t b) { return a != b; }).Count().value(), 0);
}

TEST_F(RddOperations, ZipRefusesUnequalPartitionsWhenBuiltAndUnequalRowsWhenRun) {
  const absl::Status built = sc().Range(0, 4, 1, 2).Zip(sc().Range(0, 4, 1, 3)).Count().status();
  EXPECT_EQ(built.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(TextOf(built), HasSubstr("Can't zip RDDs with unequal numbers of partitions"));
  EXPECT_THAT(TextOf(built), HasSubstr("rdd_operations_test.cc:"));
  const absl::Status run = sc().Range(0, 4, 1, 2).Zip(sc().Range(0, 5, 1, 2)).Count().status();
  EXPECT_EQ(run.code(), absl::StatusCode::kInvalidArgument) << run;
  EXPECT_THAT(TextOf(run), HasSubstr("Can only zip RDDs with same number of elements in each partition"));
}

TEST_F(RddOperations, GlomYieldsOneVectorPerPartition) {
  EXPECT_THAT(sc().Parallelize({"a", "b", "c"}, 2).Glom().Collect().value(),
              ElementsAre(ElementsAre("a"), ElementsAre("b", "c")));
  EXPECT_THAT(sc().Parallelize({true}, 2).Glom().Collect().value(),
              ElementsAre(IsEmpty(), ElementsAre(true)));
}

TEST_F(RddOperations, APersistedRddIsComputedOnceUntilUnpersisted) {
  for (const StorageLevel level :
       {StorageLevel::kMemoryOnly, StorageLevel::kMemoryAndDiskSer, StorageLevel::kDiskOnly}) {
    TemporaryDirectory directory;
    const std::string calls = directory.path() + "/calls";
    const auto rows = sc().Range(0, 4, 1, 2).Map(CountCalls{calls});
    rows.Persist(level);
    EXPECT_EQ(rows.Count().value(), 4);
    EXPECT_THAT(rows.Map([](int64_t row) { return row + 1; }).Collect().value(), ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(CallsIn(calls), 4u);
    rows.Unpersist();
    EXPECT_EQ(rows.Count().value(), 4);
    EXPECT_EQ(CallsIn(calls), 8u);
  }
}

TEST_F(RddOperations, PersistedTextsLiveOnWithoutTheirSource) {
  TemporaryDirectory directory;
  const std::string path = directory.Write("text", "one two\nthree\n");
  const auto words = sc().TextFile(path, 1).FlatMap(SplitWords{});
  words.Persist();
  EXPECT_EQ(words.Count().value(), 3);
  directory.Write("text", "");
  EXPECT_EQ(words.Collect().value(), (Texts{"one", "two", "three"}));
}

TEST_F(RddOperations, LineageNamesOperationsPartitionsAndPlaces) {
  const auto counts =
      Pairs().Named("input").ReduceByKey(std::plus<>(), {.num_partitions = 2}).MapValues([](int64_t n) {
        return n;
      });
  const std::string lineage = counts.Lineage();
  EXPECT_THAT(lineage, ::testing::StartsWith("(2) MapValuesRDD["));
  EXPECT_THAT(lineage, HasSubstr("\n |  ReduceByKeyRDD["));
  EXPECT_THAT(lineage, HasSubstr("\n +-(3) ParallelizeRDD["));
  EXPECT_THAT(lineage, HasSubstr(" at input at rdd_operations_test.cc:"));
  const std::string twelve =
      sc().Range(0, 1, 1, 12).Union(counts.Map([](const auto& pair) { return pair.second; })).Lineage();
  EXPECT_THAT(twelve, ::testing::StartsWith("(14) UnionRDD["));
  EXPECT_THAT(twelve, HasSubstr("\n |   RangeRDD["));
  EXPECT_THAT(twelve, HasSubstr("\n |   ReduceByKeyRDD["));
  EXPECT_THAT(twelve, HasSubstr("\n +-(3) ParallelizeRDD["));
}

}  // namespace
}  // namespace millstream
