#include "deploy/files/old_files.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>

namespace millstream::deploy {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;

class OldFilesTest : public testing::Test {
 protected:
  OldFilesTest() {
    std::string path = fs::temp_directory_path() / "millstream-old-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path;
  }
  ~OldFilesTest() override { fs::remove_all(directory_); }

  // A file, and the directories above it, last written so long ago.
  void Write(const fs::path& file, hours ago) {
    fs::create_directories((directory_ / file).parent_path());
    std::ofstream(directory_ / file) << "x";
    for (fs::path at = file; !at.empty(); at = at.parent_path()) {
      fs::last_write_time(directory_ / at, now_ - ago);
    }
  }
  bool Has(const fs::path& path) const { return fs::exists(directory_ / path); }

  const fs::file_time_type now_ = fs::file_time_type::clock::now();
  fs::path directory_;
};

TEST_F(OldFilesTest, RemovesWhatNobodyUsesAndNobodyWroteTo) {
  Write("app-1/0/stderr", hours(10));
  Write("app-2/0/stderr", hours(10));
  Write("app-2/1/stderr", hours(1));
  fs::last_write_time(directory_ / "app-2", now_ - hours(10));
  Write("app-3/0/stderr", hours(10));
  Write("programs/x", hours(10));
  RemoveOldEntries(directory_, "app-", {"app-3"}, now_ - hours(5));
  EXPECT_FALSE(Has("app-1"));
  EXPECT_TRUE(Has("app-2/0/stderr"));
  EXPECT_TRUE(Has("app-3"));
  EXPECT_TRUE(Has("programs/x"));
}

TEST_F(OldFilesTest, DoesNotFollowLinksOutOfTheDirectory) {
  Write("outside/precious", hours(10));
  Write("inside/app-1/0/stderr", hours(10));
  fs::create_directory_symlink(directory_ / "outside", directory_ / "inside/app-1/0/link");
  for (const char* path : {"inside/app-1/0", "inside/app-1"}) {
    fs::last_write_time(directory_ / path, now_ - hours(10));
  }
  RemoveOldEntries(directory_ / "inside", "app-", {}, now_ - hours(5));
  EXPECT_FALSE(Has("inside/app-1"));
  EXPECT_TRUE(Has("outside/precious"));
}

TEST_F(OldFilesTest, DeadExecutorsGoWhileTheirApplicationRuns) {
  Write("app-1/0/stderr", hours(10));
  Write("app-1/1/stderr", hours(10));
  Write("app-1/2/stderr", hours(1));
  Write("app-2/0/stderr", hours(10));
  fs::create_directory(directory_ / "app-3");
  RemoveOldEntriesWithin(directory_, "app-", {{"app-1", {"0"}}, {"app-3", {"0"}}}, now_ - hours(5));
  EXPECT_TRUE(Has("app-1/0/stderr"));
  EXPECT_FALSE(Has("app-1/1"));
  EXPECT_TRUE(Has("app-1/2/stderr"));
  EXPECT_FALSE(Has("app-2"));
  EXPECT_TRUE(Has("app-3"));
}

TEST_F(OldFilesTest, WhatCannotBeReadStays) {
  if (geteuid() == 0) GTEST_SKIP() << "SKIPPED: what cannot be read: root reads everything";
  Write("app-1/0/locked/new", hours(1));
  fs::permissions(directory_ / "app-1/0/locked", fs::perms::none);
  for (const char* path : {"app-1/0/locked", "app-1/0", "app-1"}) {
    fs::last_write_time(directory_ / path, now_ - hours(10));
  }
  RemoveOldEntries(directory_, "app-", {}, now_ - hours(5));
  EXPECT_TRUE(Has("app-1/0"));
  fs::permissions(directory_ / "app-1/0/locked", fs::perms::owner_all);
}

TEST_F(OldFilesTest, ADirectoryThatIsNotThereIsEmpty) {
  RemoveOldEntries(directory_ / "missing", "", {}, now_);
  EXPECT_TRUE(fs::is_empty(directory_));
}

}  // namespace
}  // namespace millstream::deploy
