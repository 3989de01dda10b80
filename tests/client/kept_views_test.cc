// Mistakes with views that the kit finds, and what looks like one but is right.
#include <millstream/testing.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/client/context_test.h"

namespace millstream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::RunBatches;
using Texts = std::vector<std::string>;

const std::vector<Texts>& Words() {
  static const std::vector<Texts> words{{"a", "longest of all", "bb", "c", "dd", "e", "ff", "g", "hh"}};
  return words;
}

std::string_view Longest(Reader<std::string_view>& lines) {
  std::string_view longest;
  for (const std::string_view line : lines) longest = line.size() > longest.size() ? line : longest;
  return longest;
}

void ExpectKeptView(const absl::Status& status, const char* operation) {
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(TextOf(status), HasSubstr(operation));
  EXPECT_THAT(TextOf(status), HasSubstr("keep a std::string"));
}

TEST(KeptViews, AViewKeptAcrossChunksFailsTheRunNamingMapPartitions) {
  const auto got = RunBatches(Words(), [](const auto& lines) {
    return lines.MapPartitions([](Reader<std::string_view>& rows) { return std::vector{Longest(rows)}; });
  });
  ExpectKeptView(got.status(), "MapPartitions");
}

TEST(KeptViews, ACopyOfAKeptViewIsFoundToo) {
  const auto got = RunBatches(Words(), [](const auto& lines) {
    return lines.MapPartitions(
        [](Reader<std::string_view>& rows) { return Texts{std::string(Longest(rows))}; });
  });
  ExpectKeptView(got.status(), "MapPartitions");
}

TEST(KeptViews, AViewKeptUntilTheEndOfAPartitionOfOneChunkIsFoundToo) {
  const auto got = RunBatches(std::vector<Texts>{{"only"}},
                              [](const auto& lines) {
                                return lines.MapPartitions([](Reader<std::string_view>& rows) {
                                  std::optional<std::pair<int, std::string_view>> last;
                                  for (const std::string_view row : rows) last = std::pair(1, row);
                                  return last;
                                });
                              },
                              {.input_partitions = 1});
  ExpectKeptView(got.status(), "MapPartitions");
}

TEST(KeptViews, AnOperationIsBlamedByItsName) {
  const auto got = RunBatches(Words(), [](const auto& lines) {
    return lines.MapPartitions([](Reader<std::string_view>& rows) { return std::vector{Longest(rows)}; })
        .Named("longest")
        .Count();
  });
  ExpectKeptView(got.status(), "longest");
}

TEST(KeptViews, AKeptStringIsRight) {
  const auto got = RunBatches(Words(),
                              [](const auto& lines) {
                                return lines.MapPartitions([](Reader<std::string_view>& rows) {
                                  std::string longest;
                                  for (const std::string_view row : rows)
                                    longest = row.size() > longest.size() ? std::string(row) : longest;
                                  return Texts{longest};
                                });
                              },
                              {.input_partitions = 1});
  EXPECT_THAT(got.value(), ElementsAre(ElementsAre("longest of all")));
}

TEST(KeptViews, AReduceToTheLongestViewIsRight) {
  const auto longer = [](std::string_view a, std::string_view b) { return b.size() > a.size() ? b : a; };
  const auto got = RunBatches(Words(), [longer](const auto& lines) { return lines.Reduce(longer); });
  EXPECT_THAT(got.value(), ElementsAre(ElementsAre("longest of all")));
  const auto by_key = RunBatches(Words(), [longer](const auto& lines) {
    return lines.Map([](std::string_view line) { return std::pair(line.size() % 2, line); })
        .ReduceByKey(longer);
  });
  EXPECT_THAT(by_key.value()[0], ::testing::UnorderedElementsAre(Pair(0, "longest of all"), Pair(1, "a")));
}

TEST(KeptViews, ALazyRangeOverTheReaderMayYieldViews) {
  const auto got = RunBatches(
      Words(),
      [](const auto& lines) {
        return lines
            .MapPartitions([](Reader<std::string_view>& rows) {
              return rows | std::views::filter([](std::string_view row) { return row.size() > 1; }) |
                     std::views::transform([](std::string_view row) { return row.substr(0, 2); });
            })
            .Filter([](std::string_view row) { return row != "bb"; });
      },
      {.input_partitions = 1});
  EXPECT_THAT(got.value(), ElementsAre(ElementsAre("lo", "dd", "ff", "hh")));
}

TEST(KeptViews, ShortOwnedStringsMayBeMappedToViews) {
  const auto got = RunBatches(Words(), [](const auto& lines) {
    return lines.Owned()
        .Map([](const std::string& line) { return std::string_view(line).substr(0, 1); })
        .Filter([](std::string_view c) { return c > "d"; })
        .Map([](std::string_view c) { return std::pair(c, std::string(c)); });
  });
  EXPECT_THAT(got.value(), ElementsAre(ElementsAre(Pair("l", "l"), Pair("e", "e"), Pair("f", "f"),
                                                   Pair("g", "g"), Pair("h", "h"))));
}

struct Tagged {
  std::string_view tag;
  std::vector<std::string_view> parts;
};

TEST(KeptViews, AStructWithViewsPassesBetweenNarrowOperations) {
  const auto got = RunBatches(std::vector<Texts>{{"a b", "c", "", "d e f"}}, [](const auto& lines) {
    return lines.Map([](std::string_view line) {
                  return Tagged{line, SplitWords{}(line)};
                })
        .Filter([](const Tagged& tagged) { return tagged.parts.size() > 1; })
        .FlatMap([](const Tagged& tagged) { return tagged.parts; });
  });
  EXPECT_THAT(got.value(), ElementsAre(ElementsAre("a", "b", "d", "e", "f")));
}

TEST(KeptViews, AStructThatKeptAViewIsFound) {
  const auto got = RunBatches(Words(), [](const auto& lines) {
    return lines
        .MapPartitions([](Reader<std::string_view>& rows) {
          return std::vector{Tagged{"", {Longest(rows)}}};
        })
        .Count();
  });
  ExpectKeptView(got.status(), "MapPartitions");
}

}  // namespace
}  // namespace millstream
