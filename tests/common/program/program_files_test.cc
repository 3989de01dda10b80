#include "common/program/program_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace millstream::program {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class ProgramFilesTest : public testing::Test {
 protected:
  ProgramFilesTest() {
    std::string path = std::filesystem::temp_directory_path() / "millstream-named-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path;
  }
  ~ProgramFilesTest() override { std::filesystem::remove_all(directory_); }

  std::string Write(const std::string& name, const std::string& content) const {
    const std::string path = directory_ + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << content;
    return path;
  }

  std::string directory_;
};

TEST_F(ProgramFilesTest, FilesAreNamedByTheLastPartOfTheirPath) {
  const std::string a = Write("x/a", "");
  const std::string b = Write("b", "");
  EXPECT_THAT(*NamedFiles(b + "," + a + "," + directory_ + "/x/../b,"),
              ElementsAre(Pair("a", a), Pair("b", b)));
  EXPECT_THAT(*NamedFiles(" " + a + " , " + b + ", ,"), ElementsAre(Pair("a", a), Pair("b", b)));
  EXPECT_THAT(*NamedFiles(""), IsEmpty());
}

TEST_F(ProgramFilesTest, WhatCannotBeNamedIsRefused) {
  Write("x/a", "");
  Write("y/a", "");
  for (const std::string& list : {directory_ + "/x/a," + directory_ + "/y/a", directory_ + "/nothing",
                                  directory_, Write("stdout", "")}) {
    EXPECT_TRUE(absl::IsInvalidArgument(NamedFiles(list).status())) << list;
  }
}

TEST_F(ProgramFilesTest, WhatIsReadIsTheFileThatWasOpened) {
  const std::string path = Write("a", "content");
  const auto program = OpenProgramFiles(path, {{"b", path}});
  ASSERT_TRUE(program.ok()) << program.status();
  ASSERT_EQ(program->contents.size(), 2);
  EXPECT_EQ(program->descriptions.files(0).name(), "b");
  EXPECT_EQ(program->descriptions.files(0).bytes(), 7);
  EXPECT_EQ(program->descriptions.files(0).sha256(), program->descriptions.executable().sha256());
  std::filesystem::remove(path);
  Write("a", "another");
  EXPECT_EQ(*program->contents[1].Read(3, 100), "tent");
  EXPECT_THAT(std::string(OpenProgramFiles(directory_, {}).status().message()), HasSubstr("is not a file"));
}

}  // namespace
}  // namespace millstream::program
