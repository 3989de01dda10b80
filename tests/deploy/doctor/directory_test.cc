#include "deploy/doctor/directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/deploy/doctor/finding_matchers.h"
#include "tests/support/credentials.h"

namespace millstream::deploy {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

class DoctorDirectoryTest : public testing::Test {
 protected:
  std::string Make(const std::string& name, mode_t mode) {
    const std::string path = folder_.File(name);
    mkdir(path.c_str(), mode);
    chmod(path.c_str(), mode);
    return path;
  }

  const test::TemporaryFolder folder_;
};

TEST_F(DoctorDirectoryTest, AnOwnDirectoryIsFineAndNothingIsLeftInIt) {
  const std::string path = Make("own", 0700);
  EXPECT_THAT(CheckWorkDirectory(path), IsOkAndSays("can be written to"));
  EXPECT_TRUE(std::filesystem::is_empty(path));
}

TEST_F(DoctorDirectoryTest, OneThatCanBeMadeIsFineAndIsNotMade) {
  const std::string path = folder_.File("a/b/c");
  EXPECT_THAT(CheckWorkDirectory(path), IsOkAndSays("can be made"));
  EXPECT_FALSE(std::filesystem::exists(folder_.File("a")));
}

TEST_F(DoctorDirectoryTest, OneThatOthersCanWriteToFails) {
  EXPECT_THAT(CheckWorkDirectory(Make("shared", 0770)), FailsOn("other users can write to it"));
}

TEST_F(DoctorDirectoryTest, AFileInItsPlaceOrAboveItFails) {
  std::ofstream(folder_.File("file")) << "x";
  EXPECT_THAT(CheckWorkDirectory(folder_.File("file")), FailsOn("is not a directory"));
  EXPECT_THAT(CheckWorkDirectory(folder_.File("file/below")), FailsOn("is not a directory"));
}

TEST_F(DoctorDirectoryTest, OneThatCannotBeWrittenToFails) {
  if (geteuid() != 0) {
    EXPECT_THAT(CheckWorkDirectory(Make("read-only", 0500)), FailsOn("cannot write to"));
  }
  // Nobody makes files here, root neither.
  EXPECT_THAT(CheckWorkDirectory("/proc/millstream"), FailsOn("cannot write to /proc"));
}

TEST_F(DoctorDirectoryTest, AFileSystemWithoutSpaceOrProgramsFails) {
  EXPECT_THAT(CheckFileSystem("d", {2000 * kMiB, true}), IsOkAndSays("2000 MiB are free"));
  EXPECT_THAT(CheckFileSystem("d", {500 * kMiB, true}), WarnsOf("500 MiB are free. Free 1024 MiB"));
  EXPECT_THAT(CheckFileSystem("d", {50 * kMiB, true}), FailsOn("50 MiB are free"));
  EXPECT_THAT(CheckFileSystem("d", {2000 * kMiB, false}), FailsOn("noexec"));
}

TEST_F(DoctorDirectoryTest, TheFileSystemOfADirectoryThatIsNotThereIsTheOneAboveIt) {
  EXPECT_GT(FileSystemOf(folder_.File("a/b")).free_bytes, 0u);
}

}  // namespace
}  // namespace millstream::deploy
