#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/client/context_test.h"

namespace millstream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Texts = std::vector<std::string>;

class RddActions : public ContextTest {};

TEST_F(RddActions, CollectReturnsOwningValuesInPartitionOrder) {
  const auto words = sc().Parallelize({"b a", "c"}, 2).FlatMap(SplitWords{});
  const absl::StatusOr<Texts> rows = words.Collect();
  EXPECT_EQ(rows.value(), (Texts{"b", "a", "c"}));
  const auto pairs = words.Map([](std::string_view word) { return std::pair(word, std::vector{word}); });
  const absl::StatusOr<std::vector<std::pair<std::string, Texts>>> owned = pairs.Collect();
  EXPECT_THAT(owned.value()[2].second, ElementsAre("c"));
}

TEST_F(RddActions, ReduceFoldsAllRowsAndRefusesNone) {
  EXPECT_EQ(sc().Range(1, 101, 1, 3).Reduce(std::plus<>()).value(), 5050);
  EXPECT_EQ(sc().Parallelize({7}, 4).Reduce(std::plus<>()).value(), 7);
  const absl::Status empty = sc().Parallelize(std::vector<int>{}, 2).Reduce(std::plus<>()).status();
  EXPECT_EQ(empty.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(TextOf(empty), HasSubstr("empty collection"));
}

TEST_F(RddActions, ReduceToTheLongestViewGivesTheRightText) {
  std::vector<std::string> words;
  for (int i = 0; i < 5000; ++i)
    words.push_back(std::string(static_cast<size_t>(i * 37 % 4999 % 60), 'x') + std::to_string(i % 10));
  const auto longer = [](std::string_view a, std::string_view b) { return b.size() > a.size() ? b : a; };
  const std::string expected = *std::max_element(
      words.begin(), words.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  const auto views =
      sc().Parallelize(words, 3).Map([](const std::string& word) { return std::string_view(word); });
  EXPECT_EQ(views.Reduce(longer).value(), expected);
  EXPECT_EQ(views.Map([](std::string_view word) { return std::pair(1, word); })
                .ReduceByKey(longer)
                .CollectAsMap()
                .value()
                .at(1),
            expected);
  EXPECT_EQ(views.Fold("", longer).value(), expected);
}

TEST_F(RddActions, FoldTakesTheZeroPerPartitionAndOnceMore) {
  EXPECT_EQ(sc().Range(0, 4, 1, 2).Fold(10, std::plus<>()).value(), 36);
  EXPECT_EQ(sc().Parallelize(std::vector<int>{}, 3).Fold(1, std::plus<>()).value(), 4);
  EXPECT_EQ(sc().EmptyRdd<int>().Fold(5, std::plus<>()).value(), 5);
  EXPECT_EQ(sc().Parallelize({"a", "b"}, 2)
                .Fold("-", [](std::string a, const std::string& b) { return a + b; })
                .value(),
            "--a-b");
}

TEST_F(RddActions, TakeComputesNoMorePartitionsThanItNeeds) {
  TemporaryDirectory directory;
  const std::string calls = directory.path() + "/calls";
  const auto rows = sc().Range(0, 100, 1, 100).Map(CountCalls{calls});
  EXPECT_THAT(rows.Take(1).value(), ElementsAre(0));
  EXPECT_EQ(CallsIn(calls), 1u);
  EXPECT_THAT(rows.Take(3).value(), ElementsAre(0, 1, 2));
  EXPECT_LT(CallsIn(calls), 20u);
  EXPECT_EQ(rows.Take(1000).value().size(), 100u);
  EXPECT_THAT(rows.Take(0).value(), IsEmpty());
  EXPECT_THAT(rows.Take(-1).value(), IsEmpty());
}

TEST_F(RddActions, FirstSkipsEmptyPartitionsAndRefusesNoRows) {
  EXPECT_EQ(sc().Parallelize({9}, 5).First().value(), 9);
  const absl::Status empty = sc().EmptyRdd<int>().First().status();
  EXPECT_EQ(empty.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(TextOf(empty), HasSubstr("empty collection"));
}

TEST_F(RddActions, ForEachRunsInTasksForEveryRowAndForEachPartitionOncePerPartition) {
  TemporaryDirectory directory;
  const std::string rows = directory.path() + "/rows", partitions = directory.path() + "/partitions";
  EXPECT_TRUE(sc().Range(0, 5, 1, 2).ForEach(CountCalls{rows}).ok());
  EXPECT_EQ(CallsIn(rows), 5u);
  struct CountPartitions {
    CountCalls calls;
    void operator()(Reader<int>& reader) const {
      for (int row : reader) (void)row;
      calls(0);
    }
  };
  EXPECT_TRUE(sc().Parallelize({1}, 3).ForEachPartition(CountPartitions{{partitions}}).ok());
  EXPECT_EQ(CallsIn(partitions), 3u);
  EXPECT_TRUE(sc().Parallelize({"x"}).ForEach([](const auto& row) { return row.size(); }).ok());
}

TEST_F(RddActions, CollectAsMapKeepsTheLastValueOfAKey) {
  const auto map = sc().Parallelize(std::vector<std::pair<std::string, int>>{{"a", 1}, {"b", 2}, {"a", 3}}, 2)
                       .CollectAsMap();
  EXPECT_THAT(map.value(), ::testing::UnorderedElementsAre(::testing::Pair("a", 3), ::testing::Pair("b", 2)));
}

TEST_F(RddActions, SaveAsTextFileWritesOneFilePerPartitionAndSaysWhenItIsDone) {
  TemporaryDirectory directory;
  const std::string output = directory.path() + "/output";
  const auto rows = sc().Parallelize(std::vector<std::pair<std::string, int>>{{"a", 1}, {"b", 2}}, 3);
  ASSERT_TRUE(rows.SaveAsTextFile(output).ok());
  EXPECT_EQ(TemporaryDirectory::Read(output + "/part-00000"), "");
  EXPECT_EQ(TemporaryDirectory::Read(output + "/part-00001"), "(a,1)\n");
  EXPECT_EQ(TemporaryDirectory::Read(output + "/part-00002"), "(b,2)\n");
  EXPECT_TRUE(std::filesystem::exists(output + "/_SUCCESS"));
  EXPECT_FALSE(std::filesystem::exists(output + "/_temporary"));
  const absl::Status again = rows.SaveAsTextFile(output);
  EXPECT_EQ(again.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(TextOf(again), HasSubstr(output));
  ASSERT_TRUE(sc().EmptyRdd<int>().SaveAsTextFile(directory.path() + "/none").ok());
  EXPECT_TRUE(std::filesystem::exists(directory.path() + "/none/_SUCCESS"));
}

TEST_F(RddActions, AFailedSaveLeavesNoDirectoryBehind) {
  TemporaryDirectory directory;
  const std::string output = directory.path() + "/output";
  const auto rows = sc().Range(0, 2, 1, 2).Map([](int64_t row) {
    return row == 0 ? row : throw std::runtime_error("no row");
  });
  EXPECT_THAT(TextOf(rows.SaveAsTextFile(output)), HasSubstr("no row"));
  EXPECT_FALSE(std::filesystem::exists(output));
}

TEST_F(RddActions, AnExceptionNamesTheOperationItsTypeAndItsText) {
  const absl::Status standard =
      sc().Range(0, 3, 1, 2)
          .Map([](int64_t row) { return row < 2 ? row : throw std::runtime_error("row two is bad"); })
          .Filter([](int64_t) { return true; })
          .Collect()
          .status();
  EXPECT_THAT(TextOf(standard), HasSubstr("Map"));
  EXPECT_THAT(TextOf(standard), HasSubstr("std::runtime_error"));
  EXPECT_THAT(TextOf(standard), HasSubstr("row two is bad"));
  const absl::Status integer =
      sc().Range(0, 3, 1, 2).Filter([](int64_t row) { return row < 9 ? throw 42 : true; }).Count().status();
  EXPECT_THAT(TextOf(integer), HasSubstr("Filter"));
  EXPECT_THAT(TextOf(integer), HasSubstr("int"));
}

TEST_F(RddActions, AnExceptionIsBlamedOnTheOperationThatThrewLateInALongChain) {
  const auto rows = sc().Range(0, 5000, 1, 1)
                        .FlatMap([](int64_t row) { return std::vector<int64_t>(3, row); })
                        .Named("Expand")
                        .FlatMap([](int64_t row) {
                          if (row == 4000) throw std::runtime_error("late");
                          return std::vector<int64_t>(5, row);
                        })
                        .Named("Fragile")
                        .Map([](int64_t row) { return row; });
  EXPECT_THAT(TextOf(rows.Count().status()), HasSubstr("Fragile"));
}

TEST_F(RddActions, ThrowingInAShuffleOrOnTheDriverIsAnErrorToo) {
  const auto pairs = sc().Range(0, 8, 1, 4).KeyBy([](int64_t) { return 1; });
  const auto refuse = [](int64_t, int64_t) -> int64_t { throw std::runtime_error("will not add"); };
  const absl::Status shuffle = pairs.ReduceByKey(refuse).Collect().status();
  EXPECT_THAT(TextOf(shuffle), HasSubstr("ReduceByKey"));
  EXPECT_THAT(TextOf(shuffle), HasSubstr("will not add"));
  EXPECT_THAT(TextOf(sc().Range(0, 2, 1, 2).Reduce(refuse).status()), HasSubstr("will not add"));
  EXPECT_THAT(TextOf(sc().Range(0, 2, 1, 2).Fold(0, refuse).status()), HasSubstr("will not add"));
}

TEST_F(RddActions, AfterAFailureTheContextRunsOn) {
  EXPECT_FALSE(sc().Range(0, 2).Map([](int64_t) -> int64_t { throw 1; }).Collect().ok());
  EXPECT_EQ(sc().Range(0, 2).Count().value(), 2);
}

TEST_F(RddActions, ActionsOfSeveralThreadsRunSideBySide) {
  const auto rows =
      sc().Range(0, 1000, 1, 4).KeyBy([](int64_t row) { return row % 10; }).ReduceByKey(std::plus<>());
  std::vector<std::thread> threads;
  std::vector<int64_t> counts(8);
  for (int64_t& count : counts) threads.emplace_back([&count, &rows] { count = rows.Count().value_or(-1); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(counts, ::testing::Each(10));
}

TEST_F(RddActions, OneContextLivesAtATimeAndAStoppedOneSaysSo) {
  Context second(TestConfig());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(second.Parallelize({1}).Count().ok());
  EXPECT_EQ(sc().Parallelize({1}).Count().value(), 1);
}

TEST(RddLife, HandlesOutliveTheirContextAndThenFail) {
  RDD<int64_t> kept;
  {
    Context sc(TestConfig());
    kept = sc.Range(0, 10).Map([](int64_t row) { return row; });
    kept.Persist();
    EXPECT_EQ(kept.Count().value(), 10);
    sc.Stop();
    sc.Stop();
    EXPECT_EQ(kept.Count().status().code(), absl::StatusCode::kFailedPrecondition);
  }
  EXPECT_THAT(TextOf(kept.Count().status()), HasSubstr("stopped"));
  Context next(TestConfig());
  EXPECT_EQ(next.Range(0, 3).Count().value(), 3);
}

}  // namespace
}  // namespace millstream
