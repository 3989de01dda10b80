#include "executor/blocks/spill_directory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/executor/support/test_cluster.h"

namespace millstream::executor {
namespace {

namespace fs = std::filesystem;

TEST(SpillDirectoryTest, IsRemovedWithItsOwner) {
  const TemporaryDirectory local;
  {
    auto directory = SpillDirectory::Create(local.path() + "/made/on/the/way");
    ASSERT_TRUE(directory.ok()) << directory.status();
    EXPECT_TRUE(fs::is_directory((*directory)->path()));
    std::ofstream((*directory)->path() + "/run") << "rows";
  }
  EXPECT_TRUE(fs::is_empty(local.path() + "/made/on/the/way"));
}

TEST(SpillDirectoryTest, OwnersOfOneProcessDoNotDisturbEachOther) {
  const TemporaryDirectory local;
  auto first = SpillDirectory::Create(local.path());
  auto second = SpillDirectory::Create(local.path());
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE((*first)->path(), (*second)->path());
  EXPECT_TRUE(fs::exists((*first)->path()));
}

TEST(SpillDirectoryTest, WhatAKilledOwnerLeftIsRemovedAtTheNextStart) {
  const TemporaryDirectory local;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto directory = SpillDirectory::Create(local.path());
    std::ofstream((*directory)->path() + "/run") << "rows";
    const char byte = directory.ok() ? 'y' : 'n';
    if (write(ready[1], &byte, 1) != 1) _exit(1);
    for (;;) pause();
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  close(ready[1]);
  const std::string left = local.path() + "/millstream-" + std::to_string(child) + "-";
  auto alive = SpillDirectory::Create(local.path());
  EXPECT_EQ(std::distance(fs::directory_iterator(local.path()), fs::directory_iterator()), 2);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  auto next = SpillDirectory::Create(local.path());
  for (const fs::directory_entry& entry : fs::directory_iterator(local.path())) {
    EXPECT_FALSE(entry.path().string().starts_with(left)) << entry.path();
  }
}

TEST(SpillDirectoryTest, LeavesAloneWhatIsNotItsOwn) {
  const TemporaryDirectory local;
  const TemporaryDirectory elsewhere;
  std::ofstream(elsewhere.path() + "/precious") << "data";
  fs::create_directory(local.path() + "/millstream-notes-1");
  std::ofstream(local.path() + "/millstream-1-1x") << "a file";
  fs::create_directory_symlink(elsewhere.path(), local.path() + "/millstream-999999-0");
  auto directory = SpillDirectory::Create(local.path());
  EXPECT_TRUE(fs::exists(local.path() + "/millstream-notes-1"));
  EXPECT_TRUE(fs::exists(local.path() + "/millstream-1-1x"));
  EXPECT_TRUE(fs::exists(elsewhere.path() + "/precious"));
}

TEST(SpillDirectoryTest, ADirectoryThatCannotBeMadeIsAnErrorThatNamesIt) {
  const TemporaryDirectory local;
  std::ofstream(local.path() + "/file") << "x";
  const auto directory = SpillDirectory::Create(local.path() + "/file/below");
  ASSERT_FALSE(directory.ok());
  EXPECT_NE(std::string(directory.status().message()).find("/file/below"), std::string::npos);
}

}  // namespace
}  // namespace millstream::executor
