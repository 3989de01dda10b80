#include <millstream/testing.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/client/context_test.h"

namespace millstream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::RunBatches;
using ::testing::UnorderedElementsAre;
using Texts = std::vector<std::string>;
using TextBatches = std::vector<Texts>;
using Numbers = std::vector<int64_t>;
using NumberBatches = std::vector<Numbers>;

const TextBatches& Lines() {
  static const TextBatches lines{{"a b", "b c b"}, {}, {"", "c"}};
  return lines;
}
const NumberBatches& Some() {
  static const NumberBatches numbers{{1, 2, 3, 4, 5, 6, 7}, {}, {8}};
  return numbers;
}
auto PairWithLength(std::string_view word) { return std::pair(word, static_cast<int64_t>(word.size())); }

TEST(DStreams, MapFlatMapAndFilterGoRowByRow) {
  const auto got = RunBatches(Lines(), [](const DStream<std::string_view>& lines) {
    return lines.FlatMap(SplitWords{})
        .Filter([](std::string_view word) { return word != "a"; })
        .Map([](std::string_view word) { return "<" + std::string(word) + ">"; });
  });
  EXPECT_EQ(got.value(), (TextBatches{{"<b>", "<b>", "<c>", "<b>"}, {}, {"<c>"}}));
}

TEST(DStreams, FlatMapTakesOptionalsAndVectors) {
  const auto got = RunBatches(Some(), [](const DStream<int64_t>& numbers) {
    return numbers.FlatMap([](int64_t n) { return n % 2 ? std::optional(n) : std::nullopt; })
        .FlatMap([](int64_t n) {
          return std::vector{n, -n};
        });
  });
  EXPECT_EQ(got.value(), (NumberBatches{{1, -1, 3, -3, 5, -5, 7, -7}, {}, {}}));
}

TEST(DStreams, MapPartitionsSeesEmptyPartitionsToo) {
  const auto got = RunBatches(Some(), [](const DStream<int64_t>& numbers) {
    return numbers.MapPartitions([](Reader<int64_t>& rows) {
      int64_t count = 0;
      for ([[maybe_unused]] int64_t row : rows) ++count;
      return std::vector{count};
    });
  });
  EXPECT_EQ(got.value(), (NumberBatches{{3, 4}, {0, 0}, {0, 1}}));
}

TEST(DStreams, PairOperationsWorkByKey) {
  const auto values = RunBatches(Lines(), [](const auto& lines) {
    return lines.FlatMap(SplitWords{})
        .Map(Fn<&PairWithLength>)
        .MapValues([](int64_t n) { return n + 1; })
        .FlatMapValues([](int64_t n) {
          return std::vector{n, n * 10};
        });
  });
  EXPECT_THAT(values.value()[2], ElementsAre(Pair("c", 2), Pair("c", 20)));
}

TEST(DStreams, ReduceByKeyAndGroupByKeySeeOneBatchAtATime) {
  const auto counts = RunBatches(Lines(), [](const auto& lines) {
    return lines.FlatMap(SplitWords{})
        .Map([](std::string_view word) { return std::pair(word, int64_t{1}); })
        .ReduceByKey(std::plus<>());
  });
  EXPECT_THAT(counts.value(), ElementsAre(UnorderedElementsAre(Pair("a", 1), Pair("b", 3), Pair("c", 1)),
                                          IsEmpty(), ElementsAre(Pair("c", 1))));
  const auto groups = RunBatches(Some(), [](const auto& numbers) {
    return numbers.Map([](int64_t n) { return std::pair(n % 2, n); }).GroupByKey();
  });
  EXPECT_THAT(groups.value()[0],
              UnorderedElementsAre(Pair(1, ElementsAre(1, 3, 5, 7)), Pair(0, ElementsAre(2, 4, 6))));
  EXPECT_THAT(groups.value()[1], IsEmpty());
}

TEST(DStreams, CountIsOneRowAlsoOfAnEmptyBatch) {
  const auto got = RunBatches(Some(), [](const auto& numbers) { return numbers.Count(); });
  EXPECT_EQ(got.value(), (NumberBatches{{7}, {0}, {1}}));
}

TEST(DStreams, ReduceIsOneRowAndNoneOfAnEmptyBatch) {
  const auto sums = RunBatches(Some(), [](const auto& numbers) { return numbers.Reduce(std::plus<>()); });
  EXPECT_EQ(sums.value(), (NumberBatches{{28}, {}, {8}}));
}

TEST(DStreams, CountByValueCountsEqualRows) {
  const auto got =
      RunBatches(Lines(), [](const auto& lines) { return lines.FlatMap(SplitWords{}).CountByValue(); });
  EXPECT_THAT(got.value()[0], UnorderedElementsAre(Pair("a", 1), Pair("b", 3), Pair("c", 1)));
  const auto pairs = RunBatches(Lines(), [](const auto& lines) {
    return lines.FlatMap(SplitWords{})
        .Map([](std::string_view word) { return std::pair(std::string("k"), word); })
        .CountByValue({.num_partitions = 3});
  });
  EXPECT_THAT(pairs.value()[2], ElementsAre(Pair(Pair("k", "c"), 1)));
}

TEST(DStreams, UnionMixesTextsAndViews) {
  const auto got = RunBatches(Lines(), [](const DStream<std::string_view>& lines) {
    return lines.Union(lines.Map([](std::string_view line) { return std::string(line) + "!"; }));
  });
  EXPECT_EQ(got.value()[2], (Texts{"", "c", "!", "c!"}));
  const auto owned = RunBatches(
      Lines(), Lines(), [](const auto& left, const auto& right) { return left.Owned().Union(right); });
  EXPECT_EQ(owned.value()[2], (Texts{"", "c", "", "c"}));
}

TEST(DStreams, TransformBuildsEachBatchsRddOnTheDriver) {
  int calls = 0;
  const auto got = RunBatches(Some(), [&calls](const auto& numbers) {
    return numbers.Transform([&calls](const RDD<int64_t>& rdd) {
      ++calls;
      return rdd.Distinct({.num_partitions = 1}).Filter([](int64_t n) { return n > 5; });
    });
  });
  EXPECT_THAT(got.value(), ElementsAre(UnorderedElementsAre(6, 7), IsEmpty(), ElementsAre(8)));
  EXPECT_EQ(calls, 3);
}

TEST(DStreams, TransformMayAskForTheBatchAndRunJobs) {
  const auto got = RunBatches(Some(), [](const auto& numbers) {
    return numbers.Transform([](const RDD<int64_t>& rdd, const Batch& batch) {
      const int64_t count = rdd.Count().value();
      return rdd.Map(With(count, batch.time, static_cast<int64_t>(batch.id),
                          [](int64_t n, int64_t time, int64_t id, int64_t row) {
                            return row + n * 10 + time + id * 100'000;
                          }));
    });
  });
  EXPECT_EQ(got.value()[0][0], 1 + 70 + 1000);
  EXPECT_EQ(got.value()[2], (Numbers{8 + 10 + 3000 + 200'000}));
}

TEST(DStreams, TransformWithJoinsTwoStreamsOfABatch) {
  const auto got = RunBatches(Some(), Lines(), [](const auto& numbers, const auto& lines) {
    return numbers.TransformWith(lines, [](const RDD<int64_t>& left, const RDD<std::string_view>& right,
                                           const Batch& batch) {
      const auto sizes = right.Map([](std::string_view line) { return static_cast<int64_t>(line.size()); });
      return batch.id == 2 ? left : left.Union(sizes);
    });
  });
  EXPECT_EQ(got.value(), (NumberBatches{{1, 2, 3, 4, 5, 6, 7, 3, 5}, {}, {8}}));
}

TEST(DStreams, AFunctionOnTheDriverMayKeepAndOwnWhatItLikes) {
  const auto got = RunBatches(Some(), [](const auto& numbers) {
    return numbers.Transform(
        [seen = int64_t{0}, owned = std::make_unique<int64_t>(100)](const RDD<int64_t>& rdd) mutable {
          return rdd.Map(With(++seen + *owned, [](int64_t add, int64_t row) { return row + add; }));
        });
  });
  EXPECT_EQ(got.value()[2], (Numbers{8 + 103}));
}

TEST(DStreams, RepartitionAndGlomShowThePartitions) {
  const auto got = RunBatches(Some(), [](const auto& numbers) {
    return numbers.Repartition(3).Glom().Map(
        [](const std::vector<int64_t>& rows) { return static_cast<int64_t>(rows.size()); });
  });
  EXPECT_EQ(got.value()[0].size(), 3u);
  EXPECT_EQ(got.value()[1], (Numbers{0, 0, 0}));
}

TEST(DStreams, OwnedYieldsStrings) {
  const auto got = RunBatches(Lines(), [](const auto& lines) {
    static_assert(std::is_same_v<decltype(lines.Owned()), DStream<std::string>>);
    return lines.Owned().Map([](std::string line) { return line + "."; });
  });
  EXPECT_EQ(got.value()[2], (Texts{".", "c."}));
}

TEST(DStreams, APersistedStreamIsComputedOncePerBatch) {
  TemporaryDirectory directory;
  const std::string calls = directory.path() + "/calls";
  const auto got = RunBatches(Some(), [&calls](const auto& numbers) {
    const auto counted = numbers.Map(CountCalls{calls});
    counted.Persist().Named("kept");
    counted.ForEachRdd([](const RDD<int64_t>& rdd) { return rdd.Count().status(); });
    return counted.Count();
  });
  EXPECT_EQ(got.value(), (NumberBatches{{7}, {0}, {1}}));
  EXPECT_EQ(CallsIn(calls), 8u);
}

TEST(DStreams, ABatchWithoutRddPassesThroughMapAndIsEmptyAtTheEnd) {
  const std::vector<std::optional<Numbers>> input{Numbers{1}, std::nullopt, Numbers{2}};
  const auto got = RunBatches(
      input, [](const auto& numbers) { return numbers.Map([](int64_t n) { return n * 2; }).Count(); });
  EXPECT_EQ(got.value(), (NumberBatches{{1}, {}, {1}}));
}

TEST(DStreams, UnionAndTransformOverABatchWithoutRddFailIt) {
  const std::vector<std::optional<Numbers>> input{Numbers{1}, std::nullopt};
  const auto united = RunBatches(input, [](const auto& numbers) { return numbers.Union(numbers); });
  EXPECT_THAT(TextOf(united.status()),
              HasSubstr("Could not generate RDD from a parent for unifying at time 2000 ms"));
  const auto transformed = RunBatches(input, [](const auto& numbers) {
    return numbers.Transform([](const RDD<int64_t>& rdd) { return rdd; });
  });
  EXPECT_THAT(TextOf(transformed.status()), HasSubstr("Couldn't generate RDD from parent at time 2000 ms"));
  const auto joined = RunBatches(input, input, [](const auto& left, const auto& right) {
    return left.TransformWith(right, [](const RDD<int64_t>& rdd, const RDD<int64_t>&) { return rdd; });
  });
  EXPECT_THAT(TextOf(joined.status()), HasSubstr("batch 1"));
}

TEST(DStreams, ATransformThatReturnsNoRddFailsTheBatch) {
  const auto got = RunBatches(Some(), [](const auto& numbers) {
    return numbers.Transform([](const RDD<int64_t>&) { return RDD<int64_t>(); });
  });
  EXPECT_THAT(TextOf(got.status()), HasSubstr("EmptyRdd"));
}

TEST(DStreams, AFailingTaskNamesBatchOperationAndCause) {
  const auto got = RunBatches(Some(), [](const auto& numbers) {
    return numbers.Map([](int64_t n) { return n < 8 ? n : throw std::out_of_range("eight is too much"); })
        .Named("checked");
  });
  const std::string text = TextOf(got.status());
  EXPECT_THAT(text, HasSubstr("batch 2"));
  EXPECT_THAT(text, HasSubstr("checked"));
  EXPECT_THAT(text, HasSubstr("std::out_of_range"));
  EXPECT_THAT(text, HasSubstr("eight is too much"));
}

TEST(DStreams, AThrowingTransformIsAnErrorOfTheBatch) {
  const auto got = RunBatches(Some(), [](const auto& numbers) {
    return numbers.Transform([](const RDD<int64_t>& rdd) { return rdd ? throw 7 : rdd; });
  });
  EXPECT_THAT(TextOf(got.status()), HasSubstr("batch 0"));
  EXPECT_THAT(TextOf(got.status()), HasSubstr("Transform: the function given to it threw int"));
}

TEST(DStreams, AFailedRunNamesTheLineOfTheTest) {
  const auto got = RunBatches(Some(), [](const auto& numbers) {
    return numbers.Map([](int64_t n) { return n < 100 ? throw 7 : n; });
  });
  EXPECT_THAT(TextOf(got.status()), HasSubstr("dstream_test.cc:" + std::to_string(__LINE__ - 3)));
}

TEST(DStreams, NumBatchesGoesBeyondTheInputWithEmptyBatches) {
  const auto got = RunBatches(Some(), [](const auto& numbers) { return numbers.Count(); },
                              {.num_batches = 5, .input_partitions = 3});
  EXPECT_EQ(got.value(), (NumberBatches{{7}, {0}, {1}, {0}, {0}}));
}

}  // namespace
}  // namespace millstream
