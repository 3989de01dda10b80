// Which types may be rows, keys and values, and what is kept of views.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/client/context_test.h"

namespace millstream {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using Texts = std::vector<std::string>;

enum class Color : uint8_t { kRed, kGreen };

struct Point {
  int32_t x = 0;
  int32_t y = 0;
  bool operator==(const Point&) const = default;
};

struct Order {
  std::string customer;
  std::vector<int64_t> items;
  std::optional<double> discount;
  bool operator==(const Order&) const = default;
};

struct Tagged {
  std::string_view tag;
  int64_t count = 0;
};

class RddTypes : public ContextTest {
 protected:
  // How often each key occurs among 3 x 1000 rows.
  template <class KeyOf>
  static auto Occurrences(KeyOf key) {
    return sc()
        .Range(0, 3000, 1, 3)
        .Map(key)
        .MapValues([](int64_t) { return int64_t{1}; })
        .ReduceByKey(std::plus<>())
        .Collect();
  }
};

TEST_F(RddTypes, KeysMayBeTextsNumbersPairsEnumsAndStructs) {
  EXPECT_THAT(Occurrences([](int64_t row) {
                return std::pair(std::string(static_cast<size_t>(row % 2) * 40, 'k'), row);
              }).value(),
              UnorderedElementsAre(Pair("", 1500), Pair(std::string(40, 'k'), 1500)));
  EXPECT_THAT(Occurrences([](int64_t row) {
                return std::pair(std::string_view(row % 3 ? "some" : "none"), row);
              }).value(),
              UnorderedElementsAre(Pair("some", 2000), Pair("none", 1000)));
  EXPECT_THAT(Occurrences([](int64_t row) { return std::pair(row % 2 - 1, row); }).value(),
              UnorderedElementsAre(Pair(-1, 1500), Pair(0, 1500)));
  EXPECT_THAT(Occurrences([](int64_t row) {
                return std::pair(std::pair(std::string("k"), static_cast<int>(row % 2)), row);
              }).value(),
              UnorderedElementsAre(Pair(Pair("k", 0), 1500), Pair(Pair("k", 1), 1500)));
  EXPECT_THAT(
      Occurrences([](int64_t row) { return std::pair(row % 3 ? Color::kGreen : Color::kRed, row); }).value(),
      UnorderedElementsAre(Pair(Color::kGreen, 2000), Pair(Color::kRed, 1000)));
  EXPECT_THAT(Occurrences([](int64_t row) {
                return std::pair(Point{1, static_cast<int32_t>(row % 2)}, row);
              }).value(),
              UnorderedElementsAre(Pair(Point{1, 0}, 1500), Pair(Point{1, 1}, 1500)));
}

TEST_F(RddTypes, ZeroAndNegativeZeroAreOneKeyAndNotANumberIsOne) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto doubles = sc().Parallelize(std::vector<double>{0.0, -0.0, nan, -nan, 1.5}, 2);
  EXPECT_EQ(doubles.Distinct().Count().value(), 3);
}

TEST_F(RddTypes, ValuesMayBeTextsVectorsAndStructs) {
  const auto rows = sc().Range(0, 2000, 1, 2);
  EXPECT_THAT(rows.Map([](int64_t row) { return std::pair(row % 2, std::string("x")); })
                  .ReduceByKey([](std::string a, const std::string& b) {
                    a += b;
                    return a;
                  })
                  .CollectAsMap()
                  .value()
                  .at(1),
              std::string(1000, 'x'));
  const auto lists = rows.Map([](int64_t row) { return std::pair(row % 2, std::vector{row}); })
                         .ReduceByKey([](std::vector<int64_t> a, std::vector<int64_t> b) {
                           a.insert(a.end(), b.begin(), b.end());
                           return a;
                         })
                         .CollectAsMap();
  EXPECT_EQ(lists->at(0).size(), 1000u);
  EXPECT_TRUE(std::is_sorted(lists->at(0).begin(), lists->at(0).end()));
  EXPECT_EQ(rows.Map([](int64_t row) {
                  return std::pair(0, Point{1, static_cast<int32_t>(row)});
                })
                .ReduceByKey([](const Point& a, const Point& b) {
                  return Point{a.x + b.x, std::max(a.y, b.y)};
                })
                .CollectAsMap()
                .value()
                .at(0),
            (Point{2000, 1999}));
  EXPECT_EQ(rows.Map([](int64_t row) { return std::pair(0, static_cast<double>(row)); })
                .GroupByKey()
                .First()
                .value()
                .second.size(),
            2000u);
}

TEST_F(RddTypes, RowsOfAnyShapeSurviveShufflesAndKeeping) {
  const std::vector<Order> orders{
      {"ann", {1, 2}, 0.5}, {"", {}, std::nullopt}, {std::string(5000, 'z'), {3}, 1.0}};
  const auto rows = sc().Parallelize(orders, 2);
  EXPECT_EQ(rows.Collect().value(), orders);
  rows.Persist();
  EXPECT_EQ(rows.Count().value(), 3);
  EXPECT_EQ(rows.Collect().value(), orders);
  EXPECT_EQ(rows.Distinct().Count().value(), 3);
  EXPECT_EQ(rows.Repartition(3).Count().value(), 3);
  using Mixed = std::tuple<std::map<std::string, Point>, std::vector<bool>, Color>;
  const std::vector<Mixed> mixed{{{{"p", {1, 2}}}, {true, false}, Color::kGreen}};
  EXPECT_EQ(sc().Parallelize(mixed, 1).Repartition(2).Collect().value(), mixed);
}

TEST_F(RddTypes, ShortOwnedStringsMayBeMappedToViews) {
  const auto texts = sc().Parallelize({"a b", "c d", "e f"}, 1);
  const auto view = [](const std::string& text) { return std::string_view(text).substr(0, 1); };
  EXPECT_EQ(texts.Map(view).Collect().value(), (Texts{"a", "c", "e"}));
  EXPECT_EQ(texts.KeyBy(view).Collect().value()[1], (std::pair<std::string, std::string>("c", "c d")));
  EXPECT_EQ(texts.KeyBy([](const std::string& text) { return text.size(); })
                .MapValues(view)
                .Collect()
                .value()[2]
                .second,
            "e");
  EXPECT_EQ(texts.KeyBy([](const std::string& text) { return text.size(); })
                .FlatMapValues(SplitWords{})
                .Collect()
                .value()[5]
                .second,
            "f");
  EXPECT_EQ(
      texts.FlatMap(SplitWords{}).Filter([](std::string_view word) { return word > "b"; }).Collect().value(),
      (Texts{"c", "d", "e", "f"}));
  EXPECT_EQ(texts.Map([](const std::string& text) { return text + "!"; })
                .Map(view)
                .Zip(texts.Map(view))
                .Collect()
                .value()[0],
            (std::pair<std::string, std::string>("a", "a")));
}

TEST_F(RddTypes, AStructWithAViewMemberPassesBetweenNarrowOperations) {
  const auto counts = sc().Parallelize({"a bb", "", "ccc"}, 2)
                          .FlatMap(SplitWords{})
                          .Map([](std::string_view word) {
                            return Tagged{word, static_cast<int64_t>(word.size())};
                          })
                          .Filter([](const Tagged& tagged) { return tagged.count > 1; })
                          .FlatMap([](const Tagged& tagged) {
                            return std::vector{tagged, tagged};
                          });
  EXPECT_EQ(counts.Map([](const Tagged& tagged) { return std::string(tagged.tag); }).Collect().value(),
            (Texts{"bb", "bb", "ccc", "ccc"}));
  EXPECT_EQ(counts.Count().value(), 4);
  EXPECT_TRUE(counts
                  .ForEach([](const Tagged& tagged) {
                    if (tagged.tag.size() < 2) throw 1;
                  })
                  .ok());
}

TEST_F(RddTypes, ALazyRangeOfViewsHoldsTheTextOfTheChunksItLeft) {
  const auto texts = sc().Range(0, 5000, 1, 1).Map([](int64_t row) { return std::to_string(row); });
  const auto views = texts.Map([](const std::string& text) { return std::string_view(text); });
  const auto ends = views.MapPartitions([](Reader<std::string_view>& rows) {
    return rows | std::views::filter([](std::string_view row) { return row.ends_with("77"); });
  });
  const Texts got = ends.Collect().value();
  ASSERT_EQ(got.size(), 50u);
  EXPECT_EQ(got.front(), "77");
  EXPECT_EQ(got.back(), "4977");
}

TEST_F(RddTypes, OwnedTurnsViewsInsideRowsIntoStrings) {
  const auto owned = sc().Parallelize({"a b"}, 1)
                         .FlatMap(SplitWords{})
                         .Map([](std::string_view word) { return std::pair(word, std::optional(word)); })
                         .Owned();
  static_assert(
      std::is_same_v<decltype(owned), const RDD<std::pair<std::string, std::optional<std::string>>>>);
  EXPECT_THAT(owned.Collect().value(), ElementsAre(Pair("a", "a"), Pair("b", "b")));
}

TEST_F(RddTypes, BytesOfTextsAreKeptAsTheyAre) {
  const std::string bytes("\0\xff\xf5\n\r", 5);
  const auto rows = sc().Parallelize(Texts{bytes, ""}, 1);
  EXPECT_EQ(rows.Distinct().Count().value(), 2);
  EXPECT_EQ(rows.Repartition(1).Collect().value()[0], bytes);
}

}  // namespace
}  // namespace millstream
