#include "deploy/worker/output_files.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace millstream::deploy {
namespace {

class OutputFilesTest : public testing::Test {
 protected:
  OutputFilesTest() {
    std::string path = std::filesystem::temp_directory_path() / "millstream-output-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path;
    limits_.set_file_bytes(1'000);
    limits_.set_files(2);
    pipes_ = *outputs_.Open(kChild, directory_, limits_);
  }
  ~OutputFilesTest() override {
    close(pipes_.output);
    close(pipes_.errors);
    std::filesystem::remove_all(directory_);
  }

  // Is in files afterwards.
  void Say(const std::string& text) {
    ASSERT_EQ(write(pipes_.output, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    outputs_.Drain(kChild);
  }
  // All that is kept from `offset` on, as a client reads it.
  std::string Read(uint64_t& offset) const {
    std::string text;
    while (true) {
      const auto part = ReadOutput(directory_, "stdout", offset, 300);
      EXPECT_TRUE(part.ok()) << part.status();
      if (!part.ok() || part->data.empty()) return text;
      text += part->data;
      offset = part->offset + part->data.size();
    }
  }

  static constexpr uint32_t kChild = 7;
  std::string directory_;
  proto::OutputLimits limits_;
  OutputFiles outputs_;
  OutputFiles::Pipes pipes_;
};

TEST_F(OutputFilesTest, StandardOutputAndErrorAreFilesOfTheirOwn) {
  Say("one");
  ASSERT_EQ(write(pipes_.errors, "two", 3), 3);
  outputs_.Drain(kChild);
  EXPECT_EQ(ReadOutput(directory_, "stdout", 0, 100)->data, "one");
  EXPECT_EQ(ReadOutput(directory_, "stderr", 1, 100)->data, "wo");
  EXPECT_EQ(ReadOutput(directory_, "stdout", UINT64_MAX, 100)->data, "");
  EXPECT_FALSE(ReadOutput(directory_, "nothing", 0, 100).ok());
}

TEST_F(OutputFilesTest, AFollowerReadsAcrossTheRoll) {
  std::string said;
  std::string read;
  uint64_t offset = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string line = "line " + std::to_string(i) + std::string(30, '.') + "\n";
    Say(line);
    said += line;
    if (i % 3 == 0) read += Read(offset);
  }
  EXPECT_EQ(read + Read(offset), said);
}

TEST_F(OutputFilesTest, ABoundedNumberOfFilesOfABoundedSizeHasTheLatest) {
  std::string said;
  for (int i = 0; i < 500; ++i) {
    const std::string line = std::to_string(i) + "\n";
    Say(line);
    said += line;
  }
  for (int i = 0; i < 50; ++i) {
    const std::string line = std::to_string(i) + std::string(90, 'x') + "\n";
    Say(line);
    said += line;
  }
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    if (entry.path().filename().string().starts_with("stdout")) ++files;
    EXPECT_LE(entry.file_size(), 1'000);
  }
  EXPECT_EQ(files, 3);
  uint64_t offset = 0;
  const std::string kept = Read(offset);
  EXPECT_GT(kept.size(), 2'000);
  EXPECT_TRUE(said.ends_with(kept));
  EXPECT_EQ(offset, said.size());
}

TEST_F(OutputFilesTest, AFileThatCouldNotBeOpenedForOnceIsOpenedAtTheNextWrite) {
  Say(std::string(900, 'x'));
  rlimit limits;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limits), 0);
  const rlimit none_left{3, limits.rlim_max};  // what is polled must not be more
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none_left), 0);
  Say(std::string(200, 'y'));
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limits), 0);
  Say("heard again");
  uint64_t offset = 0;
  EXPECT_EQ(Read(offset), std::string(900, 'x') + "heard again");
}

TEST_F(OutputFilesTest, WhoKeepsThePipesOfAnEndedProcessIsNotHeardForEver) {
  OutputFiles outputs(std::chrono::milliseconds(0));
  std::filesystem::create_directory(directory_ + "/other");
  const OutputFiles::Pipes pipes = *outputs.Open(kChild, directory_ + "/other", limits_);
  ASSERT_EQ(write(pipes.output, "last words", 10), 10);
  outputs.End(kChild);
  EXPECT_EQ(ReadOutput(directory_ + "/other", "stdout", 0, 100)->data, "last words");
  for (const int fd : {pipes.output, pipes.errors}) {
    pollfd nobody_reads{fd, 0, 0};
    EXPECT_EQ(poll(&nobody_reads, 1, 60'000), 1);
    close(fd);
  }
}

TEST_F(OutputFilesTest, LinksAreNotFollowed) {
  std::filesystem::remove(directory_ + "/stderr");
  std::filesystem::create_symlink("/etc/passwd", directory_ + "/stderr");
  EXPECT_FALSE(ReadOutput(directory_, "stderr", 0, 100).ok());
}

}  // namespace
}  // namespace millstream::deploy
