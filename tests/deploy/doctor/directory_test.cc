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

using testing::ElementsAre;

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
  const auto look_at = [](const FileSystem& both) { return CheckFileSystems("work", both, "local", both); };
  EXPECT_THAT(look_at({1, 2000 * kMiB, true}), ElementsAre(IsOkAndSays("2000 MiB are free")));
  EXPECT_THAT(look_at({1, 500 * kMiB, true}), ElementsAre(WarnsOf("500 MiB are free. Free 1024 MiB")));
  EXPECT_THAT(look_at({1, 50 * kMiB, true}), ElementsAre(FailsOn("work and local: 50 MiB are free")));
  EXPECT_THAT(look_at({1, 2000 * kMiB, false}), ElementsAre(FailsOn("noexec"), IsOkAndSays("2000 MiB")));
}

TEST_F(DoctorDirectoryTest, AFileSystemOfItsOwnIsLookedAtAndNeedsToRunNoProgramsWhereExecutorsSpill) {
  const FileSystem of_work{1, 2000 * kMiB, true};
  EXPECT_THAT(CheckFileSystems("work", of_work, "local", {2, 3000 * kMiB, false}),
              ElementsAre(IsOkAndSays("of work: 2000 MiB"), IsOkAndSays("of local: 3000 MiB")));
  EXPECT_THAT(CheckFileSystems("work", of_work, "local", {2, 5 * kMiB, true}),
              ElementsAre(IsOkAndSays("of work"), FailsOn("with millstream.local.dir")));
}

TEST_F(DoctorDirectoryTest, ExecutorsMaySpillWhereOthersWriteButNotWhereThisUserCannot) {
  EXPECT_THAT(CheckLocalDirectory(Make("shared", 01777)), IsOkAndSays("can be written to"));
  EXPECT_THAT(CheckLocalDirectory(folder_.File("a/b")), IsOkAndSays("can be made"));
  EXPECT_THAT(CheckLocalDirectory("/proc/millstream"), FailsOn("Name another one with millstream.local.dir"));
}

TEST_F(DoctorDirectoryTest, TheFileSystemOfADirectoryThatIsNotThereIsTheOneAboveIt) {
  EXPECT_GT(FileSystemOf(folder_.File("a/b")).free_bytes, 0u);
  EXPECT_EQ(FileSystemOf(folder_.File("a/b")).device, FileSystemOf(folder_.File("c")).device);
  EXPECT_NE(FileSystemOf(folder_.File("a")).device, FileSystemOf("/proc").device);
}

}  // namespace
}  // namespace millstream::deploy
