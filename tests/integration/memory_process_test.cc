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

uintmax_t BytesBelow(const std::filesystem::path& folder) {
  uintmax_t bytes = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;
    if (at->is_regular_file(gone)) {
      const uintmax_t size = at->file_size(gone);
      if (!gone) bytes += size;
    }
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
    ASSERT_TRUE(AwaitThat([&] { return BytesBelow(folder_) > 32 * kMebibyte; })) << program.err();
    program.Signal(SIGKILL);
    ASSERT_TRUE(program.AwaitExit());
  }
  EXPECT_GT(BytesBelow(folder_), 0u);
  Process next(Volume("local[2]", 100));
  const std::optional<Exit> exit = next.AwaitExit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->code, 0) << next.err();
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

}  // namespace
}  // namespace millstream::test
