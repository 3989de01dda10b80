#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>

#include "common/base/crash_report.h"
#include "common/rpc/bootstrap.h"
#include "common/rpc/child_process.h"

namespace millstream::rpc {
namespace {

using namespace std::chrono_literals;

std::string g_self;

// Remembers how children ended.
class Exits {
 public:
  ChildProcesses::OnExit Record() {
    return [this](const ChildExit& exit) {
      std::lock_guard lock(mutex_);
      exits_[exit.child] = exit;
      changed_.notify_all();
    };
  }
  ChildExit Await(uint32_t child) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 60s, [&] { return exits_.contains(child); });
    return exits_[child];
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint32_t, ChildExit> exits_;
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

bool AwaitFile(const std::string& path) {
  for (const auto end = std::chrono::steady_clock::now() + 60s; std::chrono::steady_clock::now() < end;) {
    if (std::filesystem::exists(path)) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

class ChildProcessTest : public testing::Test {
 protected:
  ChildProcessTest() : folder_(testing::TempDir() + "child_process_" + std::to_string(getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~ChildProcessTest() override { std::filesystem::remove_all(folder_); }

  proto::Bootstrap Bootstrap() {
    proto::Bootstrap bootstrap;
    bootstrap.set_application("words");
    bootstrap.mutable_credentials()->set_token("a secret of thirty-two bytes ....");
    bootstrap.set_local_dir(folder_);
    return bootstrap;
  }

  const std::string folder_;
};

TEST_F(ChildProcessTest, AChildReadsItsBootstrapAndItsExitCodeIsReported) {
  Exits exits;
  ChildProcesses children(exits.Record());
  children.Spawn(7, {.arguments = {g_self, "exit-with", "3"}}, Bootstrap());
  const ChildExit exit = exits.Await(7);
  EXPECT_EQ(exit.how, "exited with code 3");
  EXPECT_GT(exit.pid, 0);
  EXPECT_EQ(ReadFile(folder_ + "/application"), "words");
  EXPECT_TRUE(children.AwaitAll(60s));
}

TEST_F(ChildProcessTest, ACrashIsReportedWithSignalAndRecord) {
  Exits exits;
  ChildProcesses children(exits.Record());
  children.Spawn(1, {.arguments = {g_self, "crash"}}, Bootstrap());
  EXPECT_EQ(exits.Await(1).how, "was killed by signal 6 (SIGABRT) in Map. Fix the function passed to Map");
}

TEST_F(ChildProcessTest, AChildInheritsNothingButItsSocketAndNoSecretIsSeen) {
  const int leaked = open("/dev/null", O_RDONLY);  // without close-on-exec, as a user's library may
  Exits exits;
  ChildProcesses children(exits.Record());
  children.Spawn(1, {.arguments = {g_self, "look-around"}}, Bootstrap());
  EXPECT_EQ(exits.Await(1).how, "exited with code 0");
  close(leaked);
  EXPECT_EQ(ReadFile(folder_ + "/descriptors"), "0 1 2 3 ");
  EXPECT_EQ(ReadFile(folder_ + "/descriptors_of_grandchild"), "0 1 2 ");
  EXPECT_EQ(ReadFile(folder_ + "/seen").find("a secret"), std::string::npos);
  EXPECT_EQ(ReadFile(folder_ + "/seen").find("MILLSTREAM_BOOTSTRAP_FD"), std::string::npos);
  EXPECT_EQ(ReadFile(folder_ + "/stdout"), ReadFile(folder_ + "/stderr"));
}

TEST_F(ChildProcessTest, KillEndsAChildAndTheDestructorTheRest) {
  Exits exits;
  {
    ChildProcesses children(exits.Record());
    children.Spawn(1, {.arguments = {g_self, "wait", "1"}}, Bootstrap());
    children.Spawn(2, {.arguments = {g_self, "wait", "2"}}, Bootstrap());
    ASSERT_TRUE(AwaitFile(folder_ + "/waiting_1"));
    children.Kill(1);
    EXPECT_EQ(exits.Await(1).how, "was killed by signal 9 (SIGKILL)");
    EXPECT_FALSE(children.AwaitAll(0ms));
  }
  EXPECT_EQ(exits.Await(2).how, "was killed by signal 9 (SIGKILL)");
}

TEST_F(ChildProcessTest, AChildThatDoesNotReadHoldsUpNoOther) {
  Exits exits;
  ChildProcesses children(exits.Record());
  proto::Bootstrap large = Bootstrap();
  large.set_application(std::string(8 << 20, 'x'));
  children.Spawn(1, {.executable = "/bin/sleep", .arguments = {"sleep", "1000"}}, large);
  children.Spawn(2, {.arguments = {g_self, "exit-with", "3"}}, large);
  EXPECT_EQ(exits.Await(2).how, "exited with code 3");
  EXPECT_EQ(ReadFile(folder_ + "/application"), large.application());
  children.Kill(1);
  EXPECT_EQ(exits.Await(1).how, "was killed by signal 9 (SIGKILL)");
}

TEST_F(ChildProcessTest, ChildrenDieWhenTheirDriverIsKilled) {
  Exits exits;
  ChildProcesses children(exits.Record());
  children.Spawn(1, {.arguments = {g_self, "start-grandchild"}}, Bootstrap());
  ASSERT_TRUE(AwaitFile(folder_ + "/waiting_1"));
  const pid_t grandchild = static_cast<pid_t>(std::stoi(ReadFile(folder_ + "/waiting_1")));
  EXPECT_EQ(kill(grandchild, 0), 0);
  children.Kill(1);
  EXPECT_EQ(exits.Await(1).how, "was killed by signal 9 (SIGKILL)");
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (ReadFile("/proc/" + std::to_string(grandchild) + "/stat").find(") Z") == std::string::npos &&
         kill(grandchild, 0) == 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
    std::this_thread::sleep_for(1ms);
  }
}

TEST(BootstrapTest, AProcessThatNobodyStartedHasNone) {
  unsetenv(kBootstrapVariable);
  const auto bootstrap = ReadBootstrap();
  ASSERT_TRUE(bootstrap.ok());
  EXPECT_FALSE(bootstrap->has_value());
  EXPECT_EQ(CrashReportFd(), -1);
}

TEST(BootstrapTest, AVariableThatNamesNoSocketIsAnError) {
  for (const char* value : {"", "x", "999999", "-1"}) {
    setenv(kBootstrapVariable, value, 1);
    EXPECT_FALSE(ReadBootstrap().ok()) << value;
    EXPECT_EQ(getenv(kBootstrapVariable), nullptr);
  }
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream(path + ".new") << text;
  std::filesystem::rename(path + ".new", path);
}

std::string Descriptors() {
  std::string open;
  for (int fd = 0; fd < 1000; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) open += std::to_string(fd) + " ";
  }
  return open;
}

int LookAround(const std::string& folder) {
  WriteFile(folder + "/descriptors", Descriptors());
  std::string kept;
  for (int fd = 0; fd < 1000; ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) kept += std::to_string(fd) + " ";
  }
  WriteFile(folder + "/descriptors_of_grandchild", kept);
  std::string seen = ReadFile("/proc/self/cmdline");
  for (char** variable = environ; *variable != nullptr; ++variable) seen.append(*variable).append("\n");
  WriteFile(folder + "/seen", seen);
  WriteFile(folder + "/stdout", std::filesystem::read_symlink("/proc/self/fd/1"));
  WriteFile(folder + "/stderr", std::filesystem::read_symlink("/proc/self/fd/2"));
  return 0;
}

int RunChild(const proto::Bootstrap& bootstrap, const std::vector<std::string>& arguments) {
  const std::string& what = arguments[1];
  const std::string& folder = bootstrap.local_dir();
  if (what == "exit-with") {
    WriteFile(folder + "/application", bootstrap.application());
    return std::stoi(arguments[2]);
  }
  if (what == "crash") {
    base::CrashRecord record;
    strcpy(record.operation, "Map");
    if (write(CrashReportFd(), &record, sizeof(record)) != sizeof(record)) return 1;
    abort();
  }
  if (what == "look-around") return LookAround(folder);
  if (what == "wait") WriteFile(folder + "/waiting_" + arguments[2], std::to_string(getpid()));
  if (what == "start-grandchild") {
    static ChildProcesses grandchildren([](const ChildExit&) {});
    grandchildren.Spawn(1, {.arguments = {g_self, "wait", "1"}}, bootstrap);
  }
  while (true) pause();
}

}  // namespace
}  // namespace millstream::rpc

// A child of these tests is this program too.
int main(int argc, char** argv) {
  millstream::rpc::g_self = argv[0];
  const auto bootstrap = millstream::rpc::ReadBootstrap();
  if (!bootstrap.ok()) return 99;
  if (bootstrap->has_value()) return millstream::rpc::RunChild(**bootstrap, {argv, argv + argc});
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
