// A cluster in the clear, and those on its ports who do not belong to it.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>

#include "tests/support/cluster.h"
#include "tests/support/counted_text_server.h"
#include "tests/support/expect_end.h"
#include "tests/support/proc.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"
#include "tests/support/strangers.h"
#include "tests/support/text_server.h"
#include "tests/support/words.h"

namespace millstream::test {
namespace {

class ClusterStrangersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    cluster_.AddWorker(2);
    cluster_.AddWorker(2);
  }

  Cluster cluster_{MILLSTREAM_BIN_DIR};
  CountedTextServer server_;
};

TEST_F(ClusterStrangersTest, StrangersOnTheMastersPortDoNoHarm) {
  Process before(ClusterWordCount(cluster_.url(), server_.port(), {"--conf", "millstream.cores.max=2"}));
  server_.SendAndAwait(before, 100);
  Strangers strangers;
  strangers.ComeTo(cluster_.url().substr(cluster_.url().rfind('/') + 1));
  server_.SendAndAwait(before, 100);
  TextServer other;
  Process after(ClusterWordCount(cluster_.url(), other.port()));
  const std::vector<std::string> lines = SomeLines(100);
  ASSERT_TRUE(other.Send(Joined(lines)));
  EXPECT_TRUE(after.AwaitOut([&](std::string_view out) { return PrintedCounts(out) == CountedWords(lines); }))
      << after.err();
  EXPECT_LT(VmHwmKb(cluster_.master().pid()), 128 << 10);
  ExpectGracefulEnd(after);
  ExpectGracefulEnd(before);
}

// As Debian sets it for a shell that asks for nothing, hard limit and all.
void LimitFiles(pid_t pid) {
  const rlimit files{1024, 1024};
  ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, &files, nullptr), 0);
}

TEST_F(ClusterStrangersTest, StrangersOnEveryPortDoNoHarmAndExecutorsAreReplacedAmongThem) {
  rlimit own{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &own), 0);
  own.rlim_cur = own.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &own), 0);
  for (const auto& worker : cluster_.workers()) LimitFiles(worker->pid());
  Process program(ClusterWordCount(cluster_.url(), server_.port()));
  server_.SendAndAwait(program, 100);
  const std::vector<pid_t> executors = cluster_.Executors();
  ASSERT_EQ(executors.size(), 2u);
  std::vector<pid_t> processes = executors;
  processes.insert(processes.end(), {program.pid(), cluster_.master().pid()});
  Strangers strangers;
  for (const pid_t pid : processes) {
    ASSERT_NO_FATAL_FAILURE(LimitFiles(pid));
    for (const Listener& listener : ListenersOf(pid)) {
      const std::string address = "127.0.0.1:" + std::to_string(listener.port);
      ASSERT_NO_FATAL_FAILURE(strangers.ComeTo(address));
      ASSERT_NO_FATAL_FAILURE(strangers.ComeSilentlyTo(address));
      server_.SendAndAwait(program, 100);
    }
  }
  for (const pid_t executor : executors) kill(executor, SIGKILL);
  ASSERT_TRUE(server_.AwaitClients(2)) << program.err();
  server_.SendAndAwait(program, 1'000);
  EXPECT_TRUE(AwaitThat([&] { return cluster_.Executors().size() == 2; })) << program.err();
  for (const pid_t pid : cluster_.Executors()) {
    EXPECT_EQ(std::ranges::count(executors, pid), 0);
    EXPECT_LT(VmHwmKb(pid), 128 << 10);
  }
  for (const pid_t pid : {program.pid(), cluster_.master().pid()}) EXPECT_LT(VmHwmKb(pid), 128 << 10);
  ExpectGracefulEnd(program);
}

}  // namespace
}  // namespace millstream::test
