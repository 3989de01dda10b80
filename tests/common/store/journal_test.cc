#include "common/store/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace millstream::store {
namespace {

using testing::ElementsAre;
using testing::Pair;

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    std::string path = std::filesystem::temp_directory_path() / "millstream-journal-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path;
  }
  ~JournalTest() override { std::filesystem::remove_all(directory_); }
  std::string path() const { return directory_ / "journal"; }

  std::filesystem::path directory_;
};

TEST_F(JournalTest, WhatWasWrittenIsThereWhenItIsOpenedAgain) {
  {
    const auto journal = Journal::Open(path());
    ASSERT_TRUE(journal.ok()) << journal.status();
    ASSERT_TRUE((*journal)->Write({{"a", "1"}, {"b", "2"}, {"c", std::string("\0x", 2)}}).ok());
    ASSERT_TRUE((*journal)->Write({{"a", "3"}, {"b", std::nullopt}}).ok());
  }
  const auto journal = Journal::Open(path());
  ASSERT_TRUE(journal.ok()) << journal.status();
  EXPECT_THAT(*(*journal)->Read(), ElementsAre(Pair("a", "3"), Pair("c", std::string("\0x", 2))));
}

TEST_F(JournalTest, IsOpenOnceAtATime) {
  const auto journal = Journal::Open(path());
  EXPECT_EQ(Journal::Open(path()).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(JournalTest, ItsDirectoryIsItsOwnersAlone) {
  const auto journal = Journal::Open(path());
  EXPECT_EQ(std::filesystem::status(path()).permissions(), std::filesystem::perms::owner_all);
}

TEST_F(JournalTest, WhatIsDamagedIsAnError) {
  {
    const auto journal = Journal::Open(path());
    ASSERT_TRUE((*journal)->Write({{"a", "1"}}).ok());
  }
  std::ofstream(std::filesystem::path(path()) / "CURRENT") << "nonsense";
  EXPECT_FALSE(Journal::Open(path()).ok());
}

TEST_F(JournalTest, APlaceThatCannotBeADirectoryIsAnError) {
  EXPECT_EQ(Journal::Open(directory_ / "missing" / "journal").status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace millstream::store
