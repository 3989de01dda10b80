// What a process says when user code ends it. Each case runs in a process of its own.
#include "common/base/crash_report.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <functional>
#include <thread>

#include "common/exec/current_task.h"

namespace millstream::base {
namespace {

struct Ended {
  int signal = 0;
  std::string said;
};

// Runs `body` in a child whose stderr, or report descriptor, is read to its end.
Ended RunChild(bool with_report, const std::function<void()>& body) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    if (!with_report) dup2(ends[1], STDERR_FILENO);
    InstallCrashHandler(with_report ? ends[1] : -1);
    body();
    _exit(0);
  }
  close(ends[1]);
  Ended ended;
  char buffer[512];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof(buffer))) > 0;) {
    ended.said.append(buffer, static_cast<size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  return ended;
}

void InTask(const std::function<void()>& body) {
  std::thread([&] {
    const AlternateStack stack;
    exec::TaskEnv env;
    env.partition = 3;
    env.operation = "FlatMap";
    const exec::TaskScope scope(&env);
    body();
  }).join();
}

[[gnu::noinline]] int64_t Recurse(int64_t depth) {
  volatile char frame[256];
  frame[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : Recurse(depth + 1) + frame[0];
}

TEST(CrashReportTest, OneLineNamesOperationPartitionAndSignal) {
  const Ended ended = RunChild(false, [] { InTask([] { raise(SIGSEGV); }); });
  EXPECT_EQ(ended.signal, SIGSEGV);
  EXPECT_EQ(
      ended.said,
      "millstream: error: operation FlatMap, partition 3: user code ended with SIGSEGV. Fix the function "
      "passed to FlatMap.\n");
}

TEST(CrashReportTest, EndlessRecursionIsReportedFromTheAlternateStack) {
  const Ended ended = RunChild(false, [] { InTask([] { Recurse(0); }); });
  EXPECT_EQ(ended.signal, SIGSEGV);
  EXPECT_NE(ended.said.find("operation FlatMap, partition 3"), std::string::npos) << ended.said;
}

TEST(CrashReportTest, AbortIsReportedOnce) {
  const Ended ended = RunChild(false, [] { InTask([] { abort(); }); });
  EXPECT_EQ(ended.signal, SIGABRT);
  EXPECT_EQ(ended.said.find("SIGABRT"), ended.said.rfind("SIGABRT"));
  EXPECT_NE(ended.said.find("ended with SIGABRT"), std::string::npos);
}

TEST(CrashReportTest, ACrashOutsideOfTasksBlamesNoOperation) {
  const Ended ended = RunChild(false, [] { raise(SIGBUS); });
  EXPECT_EQ(ended.signal, SIGBUS);
  EXPECT_NE(ended.said.find("SIGBUS outside of any task"), std::string::npos) << ended.said;
}

TEST(CrashReportTest, AnExecutorProcessWritesARecordForItsParent) {
  const Ended ended = RunChild(true, [] { InTask([] { raise(SIGFPE); }); });
  EXPECT_EQ(ended.signal, SIGFPE);
  CrashRecord record;
  ASSERT_EQ(ended.said.size(), sizeof(record));
  std::memcpy(&record, ended.said.data(), sizeof(record));
  EXPECT_EQ(record.signal, SIGFPE);
  EXPECT_EQ(record.partition, 3);
  EXPECT_STREQ(record.operation, "FlatMap");
  EXPECT_EQ(
      DescribeCrash(record),
      "operation FlatMap, partition 3: user code ended with SIGFPE. Fix the function passed to FlatMap.");
}

}  // namespace
}  // namespace millstream::base
