#include "common/base/rotating_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace millstream::base {
namespace {

namespace fs = std::filesystem;

class RotatingFileTest : public testing::Test {
 protected:
  RotatingFileTest() {
    std::string path = fs::temp_directory_path() / "millstream-log-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path;
  }
  ~RotatingFileTest() override { fs::remove_all(directory_); }

  std::unique_ptr<RotatingFile> Open() const {
    auto file = RotatingFile::Open(directory_ / "log", {.bytes = 10, .older_files = 2});
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(directory_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool Has(const std::string& name) const { return fs::exists(directory_ / name); }

  fs::path directory_;
};

TEST_F(RotatingFileTest, KeepsTheNewestTextInSoManyFilesOfSoManyBytes) {
  const auto file = Open();
  for (const char* text : {"aaaa\n", "bbbb\n", "cccc\n", "dddd\n", "eeee\n", "ffff\n", "gggg\n"})
    file->Append(text);
  EXPECT_EQ(Read("log"), "gggg\n");
  EXPECT_EQ(Read("log.1"), "eeee\nffff\n");
  EXPECT_EQ(Read("log.2"), "cccc\ndddd\n");
  EXPECT_FALSE(Has("log.3"));
}

TEST_F(RotatingFileTest, GoesOnWithAFileThatIsThere) {
  Open()->Append("aaaa\n");
  Open()->Append("bbbb\n");
  EXPECT_EQ(Read("log"), "aaaa\nbbbb\n");
  Open()->Append("cccc\n");
  EXPECT_EQ(Read("log"), "cccc\n");
  EXPECT_EQ(Read("log.1"), "aaaa\nbbbb\n");
}

TEST_F(RotatingFileTest, ATextLongerThanAFileIsAFile) {
  const auto file = Open();
  file->Append("a long, long text\n");
  file->Append("b\n");
  EXPECT_EQ(Read("log"), "b\n");
  EXPECT_EQ(Read("log.1"), "a long, long text\n");
}

TEST_F(RotatingFileTest, DropsTextRatherThanGrowIfItCannotRotate) {
  const auto file = Open();
  file->Append("aaaa\n");
  for (const char* older : {"log.1", "log.2"}) fs::create_directories(directory_ / older / "in the way");
  file->Append("too long for both\n");
  EXPECT_EQ(Read("log"), "aaaa\n");
  fs::remove_all(directory_ / "log.1");
  file->Append("too long for both\n");
  EXPECT_EQ(Read("log"), "too long for both\n");
  EXPECT_EQ(Read("log.1"), "aaaa\n");
}

TEST_F(RotatingFileTest, KeepsOlderFilesIfTheNewestWasRemoved) {
  const auto file = Open();
  for (const char* text : {"aaaa\n", "bbbb\n", "cccc\n"}) file->Append(text);
  fs::remove(directory_ / "log");
  for (const char* text : {"dddd\n", "eeee\n"}) file->Append(text);
  EXPECT_EQ(Read("log"), "eeee\n");
  EXPECT_EQ(Read("log.1"), "aaaa\nbbbb\n");
}

TEST_F(RotatingFileTest, IsReadableByItsUserAloneAndWrittenByOneAtATime) {
  const auto file = Open();
  struct stat state {};
  ASSERT_EQ(stat((directory_ / "log").c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777, 0600u);
  const auto second = RotatingFile::Open(directory_ / "log", {});
  EXPECT_TRUE(absl::IsInvalidArgument(second.status()));
  EXPECT_THAT(std::string(second.status().message()), testing::HasSubstr("another process writes it"));
}

TEST_F(RotatingFileTest, OneThatCannotBeWrittenIsRefused) {
  const auto file = RotatingFile::Open(directory_ / "missing" / "log", {});
  EXPECT_TRUE(absl::IsInvalidArgument(file.status()));
  EXPECT_THAT(std::string(file.status().message()), testing::HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace millstream::base
