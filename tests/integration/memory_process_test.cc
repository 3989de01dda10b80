// A shuffle that is many times larger than the budget.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "tests/support/process.h"
#include "tests/support/programs.h"

namespace millstream::test {
namespace {

using ::testing::StartsWith;

constexpr long kPeakKb = 160 << 10;
constexpr uintmax_t kMebibyte = uintmax_t{1} << 20;

// What the process has in files below `folder`, with those that have no name any more.
uintmax_t BytesOfOpenFiles(pid_t pid, const std::filesystem::path& folder) {
  uintmax_t bytes = 0;
  std::error_code error;
  for (const auto& fd : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", error)) {
    const std::string target = std::filesystem::read_symlink(fd.path(), error).string();
    const uintmax_t size =
        target.starts_with(folder.string()) ? std::filesystem::file_size(fd.path(), error) : 0;
    if (!error) bytes += size;
    error.clear();
  }
  return bytes;
}

class MemoryTest : public ::testing::Test {
 protected:
  MemoryTest() : folder_(::testing::TempDir() + "millstream_memory_" + std::to_string(getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~MemoryTest() override { std::filesystem::remove_all(folder_); }

  std::vector<std::string> Volume(const std::string& master, int rows) const {
    return {TestProgram("shuffle_volume"),
            "--master",
            master,
            "--conf",
            "millstream.executor.memory=64m",
            "--conf",
            "millstream.local.dir=" + folder_.string(),
            std::to_string(rows),
            "5000"};
  }

  const std::filesystem::path folder_;
};

TEST_F(MemoryTest, EightTimesTheBudgetGoThroughAShuffleInBoundedMemory) {
  constexpr int kRows = 540'000;  // of 1 KiB
  Process program(Volume("local[2]", kRows));
  const std::optional<Exit> exit = program.AwaitExit();
  ASSERT_TRUE(exit) << program.err();
  EXPECT_EQ(exit->code, 0) << program.err();
  EXPECT_THAT(program.out(), StartsWith("rows " + std::to_string(kRows) + " wrong 0\n"));
  const size_t peak = program.out().find("VmHWM:");
  ASSERT_NE(peak, std::string::npos);
  const long peak_kb = std::strtol(program.out().c_str() + peak + 6, nullptr, 10);
  EXPECT_LE(peak_kb, kPeakKb);
  RecordProperty("peak_kb", static_cast<int>(peak_kb));
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(MemoryTest, WhatAKilledProcessSpilledIsGoneAfterTheNextStart) {
  {
    Process program(Volume("local[2]", 540'000));
    ASSERT_TRUE(AwaitThat([&] { return BytesOfOpenFiles(program.pid(), folder_) > 64 * kMebibyte; }))
        << program.err();
    program.Signal(SIGKILL);
    ASSERT_TRUE(program.AwaitExit());
  }
  Process next(Volume("local[2]", 100));
  const std::optional<Exit> exit = next.AwaitExit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->code, 0) << next.err();
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

}  // namespace
}  // namespace millstream::test
