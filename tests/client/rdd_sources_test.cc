#include <cstdint>
#include <limits>
#include <list>
#include <ranges>
#include <string>
#include <vector>

#include "tests/client/context_test.h"

namespace millstream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RddSources : public ContextTest {
 protected:
  template <class T>
  static auto Parts(const RDD<T>& rdd) {
    return *rdd.Glom().Collect();
  }
  static std::vector<std::string> Lines(const std::string& path, int partitions) {
    auto lines = sc().TextFile(path, partitions).Collect();
    EXPECT_TRUE(lines.ok()) << lines.status();
    return lines.ok() ? *lines : std::vector<std::string>{};
  }
};

TEST_F(RddSources, ParallelizeCutsSliceIFromIByNOverKToTheNext) {
  EXPECT_THAT(Parts(sc().Parallelize({0, 1, 2, 3, 4, 5, 6}, 3)),
              ElementsAre(ElementsAre(0, 1), ElementsAre(2, 3), ElementsAre(4, 5, 6)));
  EXPECT_THAT(Parts(sc().Parallelize({7}, 3)), ElementsAre(IsEmpty(), IsEmpty(), ElementsAre(7)));
}

TEST_F(RddSources, ParallelizeTakesAnySizedRangeAndTextsOfAnyKind) {
  EXPECT_EQ(sc().Parallelize(std::list<int>{3, 1, 2}).Collect().value(), (std::vector<int>{3, 1, 2}));
  EXPECT_EQ(sc().Parallelize(std::views::iota(0, 4)).Collect().value(), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(sc().Parallelize({"a", "b"}).Collect().value(), (std::vector<std::string>{"a", "b"}));
  const std::vector<std::vector<std::string_view>> views{{"x", "y"}, {}};
  EXPECT_EQ(sc().Parallelize(views).Collect().value(),
            (std::vector<std::vector<std::string>>{{"x", "y"}, {}}));
  EXPECT_EQ(sc().Parallelize(std::vector<bool>{true, false}).Collect().value(),
            (std::vector<bool>{true, false}));
}

TEST_F(RddSources, WithoutANumberTheRowsLieInTheDefaultParallelism) {
  EXPECT_EQ(sc().Parallelize({1, 2, 3, 4}).NumPartitions(), sc().DefaultParallelism());
  EXPECT_EQ(sc().Range(0, 10).NumPartitions(), sc().DefaultParallelism());
}

TEST_F(RddSources, FewerThanOnePartitionIsAMistakeThatEveryActionReturnsWithItsPlace) {
  const auto rows = sc().Parallelize({1, 2}, 0);
  for (const absl::Status& status : {rows.Count().status(), rows.Collect().status(), rows.Take(1).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(TextOf(status), HasSubstr("Number of partitions must be positive"));
    EXPECT_THAT(TextOf(status), HasSubstr("rdd_sources_test.cc:"));
  }
  EXPECT_FALSE(sc().Range(0, 1, 1, 0).Count().ok());
  EXPECT_FALSE(sc().Range(0, 1, 1, -2).Count().ok());
  EXPECT_FALSE(sc().Range(0, 1).Distinct({.num_partitions = 0}).Count().ok());
  EXPECT_FALSE(rows.Map([](int row) { return row; }).Count().ok());
}

TEST_F(RddSources, RangeCountsUpAndDown) {
  EXPECT_EQ(sc().Range(0, 7, 3, 2).Collect().value(), (std::vector<int64_t>{0, 3, 6}));
  EXPECT_EQ(sc().Range(5, -5, -4, 3).Collect().value(), (std::vector<int64_t>{5, 1, -3}));
  EXPECT_EQ(sc().Range(3, 3).Count().value(), 0);
  EXPECT_EQ(sc().Range(3, 0).Count().value(), 0);
  EXPECT_EQ(sc().Range(0, 100'000, 1, 3).Count().value(), 100'000);
  EXPECT_THAT(TextOf(sc().Range(0, 1, 0).Count().status()), HasSubstr("the step is 0"));
}

TEST_F(RddSources, RangeReachesTheEdgesOfItsType) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min(), kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(sc().Range(kMin, kMax, kMax, 2).Collect().value(), (std::vector<int64_t>{kMin, -1, kMax - 1}));
  EXPECT_EQ(sc().Range(kMax, kMin, kMin, 2).Collect().value(), (std::vector<int64_t>{kMax, -1}));
  EXPECT_EQ(sc().Range(kMax - 2, kMax, 1, 4).Collect().value(), (std::vector<int64_t>{kMax - 2, kMax - 1}));
}

TEST_F(RddSources, AnEmptyRddHasNoPartitions) {
  EXPECT_EQ(sc().EmptyRdd<std::string>().NumPartitions(), 0);
  EXPECT_THAT(sc().EmptyRdd<std::string>().Collect().value(), IsEmpty());
  EXPECT_EQ(sc().EmptyRdd<int>().Map([](int row) { return row; }).Count().value(), 0);
}

TEST_F(RddSources, UnionOfARangeKeepsTheOrderOfItsRdds) {
  const std::vector<RDD<int>> rdds{sc().Parallelize({1, 2}, 2), sc().Parallelize({3}, 1),
                                   sc().EmptyRdd<int>()};
  EXPECT_THAT(Parts(sc().Union(rdds)), ElementsAre(ElementsAre(1), ElementsAre(2), ElementsAre(3)));
  EXPECT_EQ(sc().Union({rdds[1], rdds[0]}).Collect().value(), (std::vector<int>{3, 1, 2}));
  EXPECT_EQ(sc().Union(std::vector<RDD<int>>{}).Count().value(), 0);
}

TEST_F(RddSources, TextFileYieldsEachLineOnceHoweverItIsCut) {
  TemporaryDirectory directory;
  const std::string path = directory.Write("text", "one\n\ntwo three\nfour");
  for (const int partitions : {1, 2, 3, 5, 18, 40}) {
    EXPECT_EQ(Lines(path, partitions), (std::vector<std::string>{"one", "", "two three", "four"}))
        << partitions;
    EXPECT_GE(sc().TextFile(path, partitions).NumPartitions(), std::min(partitions, 18));
  }
}

TEST_F(RddSources, TextFileReadsLinesLongerThanItsBuffer) {
  TemporaryDirectory directory;
  std::string text;
  std::vector<std::string> expected;
  for (const size_t length : {700'000, 3, 0, 1'300'000, 262'143, 262'144, 10}) {
    expected.emplace_back(length, static_cast<char>('a' + expected.size()));
    text += expected.back() + "\n";
  }
  const std::string path = directory.Write("text", text);
  for (const int partitions : {1, 4, 31}) EXPECT_EQ(Lines(path, partitions), expected) << partitions;
}

TEST_F(RddSources, TextFileDropsOneCarriageReturnAndKeepsAnyOtherByte) {
  TemporaryDirectory directory;
  const std::string path = directory.Write("text", std::string("a\r\nb\r\r\n\0\xff\n\r\n", 12));
  EXPECT_EQ(Lines(path, 1), (std::vector<std::string>{"a", "b\r", std::string("\0\xff", 2), ""}));
}

TEST_F(RddSources, TextFileReadsDirectoriesAndPatternsButNoHiddenFiles) {
  TemporaryDirectory directory;
  directory.Write("b.txt", "2\n3\n");
  directory.Write("a.txt", "1\n");
  directory.Write("empty.txt", "");
  directory.Write("c.log", "4");
  directory.Write(".hidden", "no");
  directory.Write("_SUCCESS", "no");
  EXPECT_EQ(Lines(directory.path(), 2), (std::vector<std::string>{"1", "2", "3", "4"}));
  EXPECT_EQ(Lines(directory.path() + "/*.txt", 2), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_THAT(Lines(directory.path() + "/empty.txt", 2), IsEmpty());
}

TEST_F(RddSources, AMissingFileIsNotFoundAndNamed) {
  const absl::Status status = sc().TextFile("/nowhere/at-all").Count().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_THAT(TextOf(status), HasSubstr("/nowhere/at-all"));
  EXPECT_EQ(sc().TextFile("/nowhere/*.txt").Count().status().code(), absl::StatusCode::kNotFound);
  TemporaryDirectory directory;
  EXPECT_EQ(sc().TextFile(directory.path()).Count().value(), 0);
}

TEST_F(RddSources, AHandleThatWasNeverSetIsRefusedByEveryUse) {
  const RDD<std::string> null;
  EXPECT_FALSE(null);
  const auto some = sc().Parallelize({"a"});
  for (const absl::Status& status :
       {null.Count().status(), null.Collect().status(), null.First().status(), null.Take(2).status(),
        null.Map([](const std::string& row) { return row.size(); }).Collect().status(),
        null.Repartition(2).Count().status(), null.Union(some).Count().status(),
        some.Union(null).Count().status(), some.Zip(null).Count().status(),
        null.SaveAsTextFile("/tmp/never-written"), null.Coalesce(1).Count().status(),
        null.Distinct().Count().status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(TextOf(status), HasSubstr("never set"));
  }
  null.Persist().Unpersist();
  null.Map([](const std::string& row) { return row.size(); }).Unpersist();
  EXPECT_EQ(null.NumPartitions(), 0);
  EXPECT_EQ(null.Lineage(), "");
}

}  // namespace
}  // namespace millstream
