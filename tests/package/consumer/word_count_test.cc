#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <millstream/testing.h>

#include "count_words.h"

using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

TEST(WordCount, CountsTheLongerWordsOfEachBatch) {
  std::vector<std::vector<std::string>> batches = {{"to see the sea", "the sea"}, {}, {"see"}};
  auto got = millstream::testing::RunBatches(batches, [](auto lines) { return CountWords(lines, 3); });
  ASSERT_TRUE(got.ok()) << got.status();
  ASSERT_EQ(got->size(), 3);
  EXPECT_THAT((*got)[0], UnorderedElementsAre(Pair("see", 1), Pair("the", 2), Pair("sea", 2)));
  EXPECT_THAT((*got)[1], IsEmpty());
  EXPECT_THAT((*got)[2], UnorderedElementsAre(Pair("see", 1)));
}
