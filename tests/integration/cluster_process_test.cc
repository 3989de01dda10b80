// A master, workers and a program on them, and what happens when any of them dies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/support/cluster.h"
#include "tests/support/counted_text_server.h"
#include "tests/support/expect_end.h"
#include "tests/support/proc.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"
#include "tests/support/text_server.h"
#include "tests/support/words.h"

namespace millstream::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ClusterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    cluster_.AddWorker(2);
    cluster_.AddWorker(2);
  }

  Cluster cluster_{MILLSTREAM_BIN_DIR};
  CountedTextServer server_;
};

TEST_F(ClusterTest, AProgramRunsOnBothWorkersAndLeavesNothingRunning) {
  Process program(ClusterWordCount(cluster_.url(), server_.port()));
  server_.SendAndAwait(program, 20'000);
  for (const auto& worker : cluster_.workers()) EXPECT_EQ(ChildrenOf(worker->pid()).size(), 1u);
  EXPECT_TRUE(ChildrenOf(program.pid()).empty());
  EXPECT_THAT(cluster_.List(), HasSubstr("RUNNING"));
  ExpectGracefulEnd(program);
  EXPECT_TRUE(AwaitThat([&] { return cluster_.Executors().empty(); }));
  EXPECT_TRUE(AwaitThat([&] { return cluster_.List().find("FINISHED") != std::string::npos; }));
}

TEST_F(ClusterTest, SubmitRunsTheProgramAsItIs) {
  const std::vector<std::string> direct = ClusterWordCount(cluster_.url(), server_.port());
  std::vector<std::string> arguments{"submit", "--master", cluster_.url(),     "--num-executors",
                                     "2",      "--name",   "CountedElsewhere", direct.front()};
  arguments.insert(arguments.end(), direct.begin() + 3, direct.end());
  Process program(MillstreamCommand(MILLSTREAM_BIN_DIR, arguments));
  server_.SendAndAwait(program, 2'000);
  EXPECT_EQ(cluster_.Executors().size(), 2u);
  EXPECT_THAT(cluster_.List(), HasSubstr("CountedElsewhere"));
  ExpectGracefulEnd(program);
}

TEST_F(ClusterTest, FlagsAfterTheApplicationWin) {
  Process program(MillstreamCommand(
      MILLSTREAM_BIN_DIR,
      {"submit", "--master", cluster_.url(), "--name", "Before", Example("network_word_count"), "--name",
       "After", "--batch-interval", "100ms", "127.0.0.1", std::to_string(server_.port()), "100000"}));
  server_.SendAndAwait(program, 10);
  EXPECT_THAT(cluster_.List(), HasSubstr("After"));
  EXPECT_THAT(cluster_.List(), Not(HasSubstr("Before")));
  ExpectGracefulEnd(program);
}

class LostReceiverTest : public ClusterTest, public ::testing::WithParamInterface<bool> {
 protected:
  // The executor that is to die: the receiver's or the other.
  pid_t Victim() {
    for (const pid_t executor : cluster_.Executors()) {
      if (IsConnectedTo(executor, server_.port()) == GetParam()) return executor;
    }
    return 0;
  }
  bool AwaitReceiver() { return server_.AwaitClients(GetParam() ? 2 : 1); }
};
INSTANTIATE_TEST_SUITE_P(All, LostReceiverTest, ::testing::Bool(),
                         [](const auto& lost) { return lost.param ? "TheReceivers" : "TheOther"; });

TEST_P(LostReceiverTest, AnExecutorThatIsKilledIsReplacedAndEveryLineIsCountedOnce) {
  Process program(ClusterWordCount(cluster_.url(), server_.port()));
  server_.SendAndAwait(program, 1'000);
  const pid_t victim = Victim();
  ASSERT_NE(victim, 0);
  kill(victim, SIGKILL);
  EXPECT_TRUE(AwaitThat([&] {
    const std::vector<pid_t> now = cluster_.Executors();
    return now.size() == 2 && std::ranges::count(now, victim) == 0;
  }));
  EXPECT_TRUE(program.AwaitErr("killed by signal 9")) << program.err();
  ASSERT_TRUE(AwaitReceiver());
  server_.SendAndAwait(program, 1'000);
  ExpectGracefulEnd(program);
}

TEST_P(LostReceiverTest, AWorkersExecutorsDieWithItAndMoveToAnotherWorker) {
  Process program(
      ClusterWordCount(cluster_.url(), server_.port(), {"--conf", "millstream.executor.instances=2"}));
  server_.SendAndAwait(program, 1'000);
  const pid_t orphan = Victim();
  ASSERT_NE(orphan, 0);
  const bool first = std::ranges::count(ChildrenOf(cluster_.workers()[0]->pid()), orphan) == 1;
  Process& worker = *cluster_.workers()[first ? 0 : 1];
  const Process& other = *cluster_.workers()[first ? 1 : 0];
  worker.Signal(SIGKILL);
  ASSERT_TRUE(worker.AwaitExit());
  EXPECT_TRUE(AwaitThat([&] { return !IsAlive(orphan); }));
  EXPECT_TRUE(AwaitThat([&] { return ChildrenOf(other.pid()).size() == 2; })) << program.err();
  EXPECT_TRUE(program.AwaitErr(", which is not in use, was on worker ")) << program.err();
  ASSERT_TRUE(AwaitReceiver());
  server_.SendAndAwait(program, 1'000);
  ExpectGracefulEnd(program);
}

TEST_F(ClusterTest, AWorkerThatIsStoppedIsGoneAtOnceAndWhatItRanMoves) {
  Process program(ClusterWordCount(cluster_.url(), server_.port()));
  server_.SendAndAwait(program, 100);
  Process& worker = *cluster_.workers()[0];
  worker.Signal(SIGTERM);
  EXPECT_EQ(worker.AwaitExit()->code, 0);
  EXPECT_TRUE(cluster_.master().AwaitErr(" stops\n"));
  EXPECT_TRUE(program.AwaitErr(", which was stopped\n")) << program.err();
  EXPECT_THAT(cluster_.List(), Not(HasSubstr("AWAY")));
  ExpectGracefulEnd(program);
}

TEST_F(ClusterTest, AMasterThatIsKilledAndStartedAgainFindsWhatRuns) {
  Process program(ClusterWordCount(cluster_.url(), server_.port()));
  server_.SendAndAwait(program, 1'000);
  const std::vector<pid_t> before = cluster_.Executors();
  cluster_.master().Signal(SIGKILL);
  ASSERT_TRUE(cluster_.master().AwaitExit());
  server_.SendAndAwait(program, 1'000);  // nobody misses it
  cluster_.RestartMaster();
  EXPECT_TRUE(AwaitThat([&] {
    const std::string list = cluster_.List();
    return list.find("RUNNING") != std::string::npos && list.find("AWAY") == std::string::npos &&
           list.find("2/2", list.find("2/2") + 1) != std::string::npos;
  })) << cluster_.List();
  server_.SendAndAwait(program, 1'000);
  EXPECT_EQ(cluster_.Executors(), before);
  kill(before.front(), SIGKILL);
  EXPECT_TRUE(AwaitThat([&] {
    const std::vector<pid_t> now = cluster_.Executors();
    return now.size() == 2 && std::ranges::count(now, before.front()) == 0;
  })) << program.err();
  ExpectGracefulEnd(program);
}

TEST_F(ClusterTest, ADriverThatIsKilledLeavesNothingRunning) {
  Process program(ClusterWordCount(cluster_.url(), server_.port()));
  server_.SendAndAwait(program, 100);
  program.Signal(SIGKILL);
  EXPECT_TRUE(AwaitThat([&] { return cluster_.Executors().empty(); }));
}

TEST_F(ClusterTest, KillEndsAnApplication) {
  Process program(ClusterWordCount(cluster_.url(), server_.port()));
  server_.SendAndAwait(program, 100);
  const std::string list = cluster_.List();
  const std::string id = list.substr(list.find("app-"), std::string("app-20260102030405-0007").size());
  Process status(
      MillstreamCommand(MILLSTREAM_BIN_DIR, {"submit", "--status", id, "--master", cluster_.url()}));
  EXPECT_EQ(status.AwaitExit()->code, 0) << status.err();
  EXPECT_THAT(status.out(), HasSubstr("RUNNING"));
  Process killer(MillstreamCommand(MILLSTREAM_BIN_DIR, {"submit", "--kill", id, "--master", cluster_.url()}));
  EXPECT_EQ(killer.AwaitExit()->code, 0) << killer.err();
  EXPECT_EQ(killer.out(), id + " is being killed\n");
  const std::optional<Exit> exit = program.AwaitExit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->code, 1);
  EXPECT_EQ(ErrorLines(program.err()), 1) << program.err();
  EXPECT_TRUE(AwaitThat([&] { return cluster_.Executors().empty(); }));
  Process again(MillstreamCommand(MILLSTREAM_BIN_DIR, {"submit", "--kill", id, "--master", cluster_.url()}));
  EXPECT_EQ(again.AwaitExit()->code, 0) << again.err();
  EXPECT_EQ(again.out(), id + " had ended already\n");
  Process logs(MillstreamCommand(MILLSTREAM_BIN_DIR, {"logs", id, "--stdout", "--master", cluster_.url()}));
  EXPECT_EQ(logs.AwaitExit()->code, 0) << logs.err();
  EXPECT_THAT(logs.err(), HasSubstr("nothing was written to standard output"));
}

TEST_F(ClusterTest, KillEndsAnApplicationThatWaits) {
  Process program(ClusterWordCount(
      cluster_.url(), server_.port(),
      {"--conf", "millstream.executor.cores=64", "--conf", "millstream.cluster.waitTimeout=1h"}));
  ASSERT_TRUE(AwaitThat([&] { return cluster_.List().find("WAITING") != std::string::npos; }));
  const std::string list = cluster_.List();
  const std::string id = list.substr(list.find("app-"), std::string("app-20260102030405-0007").size());
  Process killer(MillstreamCommand(MILLSTREAM_BIN_DIR, {"submit", "--kill", id, "--master", cluster_.url()}));
  EXPECT_EQ(killer.AwaitExit()->code, 0) << killer.err();
  const std::optional<Exit> exit = program.AwaitExit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->code, 1);
  EXPECT_EQ(ErrorLines(program.err()), 1) << program.err();
}

TEST_F(ClusterTest, ApplicationsThatFindNoRoomWaitForIt) {
  Process first(ClusterWordCount(cluster_.url(), server_.port()));
  server_.SendAndAwait(first, 100);
  TextServer other;
  Process second(ClusterWordCount(cluster_.url(), other.port()));
  EXPECT_TRUE(AwaitThat([&] { return cluster_.List().find("WAITING") != std::string::npos; }));
  ExpectGracefulEnd(first);
  const std::vector<std::string> lines = SomeLines(10);
  ASSERT_TRUE(other.Send(Joined(lines)));
  EXPECT_TRUE(second.AwaitOut([&](std::string_view out) {
    return PrintedCounts(out) == CountedWords(lines);
  })) << second.err();
  ExpectGracefulEnd(second);
}

TEST_F(ClusterTest, AnExecutorsOutputIsInADirectoryOfItsOwn) {
  Process program(ClusterWordCount(cluster_.url(), server_.port(), {"--conf", "millstream.log.level=debug"}));
  server_.SendAndAwait(program, 100);
  const std::string list = cluster_.List();
  const std::string id = list.substr(list.find("app-"), std::string("app-20260102030405-0007").size());
  std::set<std::filesystem::path> logs;
  for (const size_t worker : {0, 1}) {
    for (const char* executor : {"0", "1"}) {
      const std::filesystem::path directory =
          std::filesystem::path(cluster_.WorkDirectoryOf(worker)) / id / executor;
      if (!std::filesystem::exists(directory)) continue;
      EXPECT_TRUE(std::filesystem::exists(directory / "stdout"));
      EXPECT_TRUE(std::filesystem::exists(directory / "stderr"));
      logs.insert(directory);
    }
  }
  EXPECT_EQ(logs.size(), 2u);
  for (const pid_t executor : cluster_.Executors()) {
    EXPECT_TRUE(logs.contains(std::filesystem::read_symlink("/proc/" + std::to_string(executor) + "/cwd")));
  }
  ExpectGracefulEnd(program);
}

TEST_F(ClusterTest, LogsFollowAnApplicationToItsEndAndStayReadable) {
  // The source is not there yet, which a receiver logs.
  const int port = UnusedPort();
  Process program(ClusterWordCount(cluster_.url(), port));
  ASSERT_TRUE(program.AwaitErr("cannot connect"));
  const std::string list = cluster_.List();
  const std::string id = list.substr(list.find("app-"), std::string("app-20260102030405-0007").size());
  const std::vector<std::string> arguments{"logs", id, "--master", cluster_.url()};
  std::vector<std::string> follow = arguments;
  follow.push_back("-f");
  Process follower(MillstreamCommand(MILLSTREAM_BIN_DIR, follow));
  for (const pid_t executor : cluster_.Executors()) {
    const std::filesystem::path directory =
        std::filesystem::read_symlink("/proc/" + std::to_string(executor) + "/cwd");
    std::ofstream(directory / "stderr", std::ios::app) << "said by " << directory.filename().string() << "\n";
  }
  EXPECT_TRUE(follower.AwaitOut("said by 0")) << follower.err();
  EXPECT_TRUE(follower.AwaitOut("said by 1")) << follower.err();
  ExpectGracefulEnd(program);
  EXPECT_EQ(follower.AwaitExit()->code, 0) << follower.err();
  std::vector<std::string> of_one = arguments;
  of_one.insert(of_one.end(), {"--executor", "1"});
  Process one(MillstreamCommand(MILLSTREAM_BIN_DIR, of_one));
  EXPECT_EQ(one.AwaitExit()->code, 0) << one.err();
  EXPECT_THAT(one.out(), HasSubstr("said by 1\n"));
  EXPECT_THAT(one.out(), Not(HasSubstr("said by 0")));
}

std::set<std::string> Entries(const std::string& block) {
  std::set<std::string> entries;
  std::istringstream text(block);
  for (std::string entry; std::getline(text, entry, '\0');) entries.insert(entry);
  return entries;
}

TEST_F(ClusterTest, ExecutorsAreGivenNothingSecretInArgumentsOrEnvironment) {
  Process program(ClusterWordCount(cluster_.url(), server_.port()));
  server_.SendAndAwait(program, 100);
  const std::set<std::string> known = Entries(ProcFile(cluster_.workers()[0]->pid(), "environ"));
  for (const pid_t executor : cluster_.Executors()) {
    const std::string ours = ProcFile(program.pid(), "cmdline");
    const std::string theirs = ProcFile(executor, "cmdline");
    EXPECT_EQ(theirs.substr(theirs.find('\0')), ours.substr(ours.find('\0')));
    EXPECT_THAT(theirs.c_str(), ::testing::MatchesRegex(Example("network_word_count") +
                                                        " [(]executor [01] of app-[0-9]+-[0-9]+[)]"));
    for (const std::string& entry : Entries(ProcFile(executor, "environ"))) {
      if (known.contains(entry)) continue;
      EXPECT_THAT(entry, ::testing::MatchesRegex("MILLSTREAM_BOOTSTRAP_FD=[0-9]+|GRPC_POLL_STRATEGY=poll|"
                                                 "LD_LIBRARY_PATH=[^ ]*/[.]libraries(:.*)?"));
    }
  }
  ExpectGracefulEnd(program);
}

TEST_F(ClusterTest, EveryPortIsOnLoopback) {
  Process program(ClusterWordCount(cluster_.url(), server_.port()));
  server_.SendAndAwait(program, 100);
  std::vector<pid_t> processes = cluster_.Executors();
  processes.push_back(program.pid());
  processes.push_back(cluster_.master().pid());
  for (const pid_t pid : processes) {
    const std::vector<Listener> listeners = ListenersOf(pid);
    EXPECT_FALSE(listeners.empty());
    for (const Listener& listener : listeners) EXPECT_TRUE(listener.loopback) << listener.port;
  }
  for (const auto& worker : cluster_.workers()) EXPECT_TRUE(ListenersOf(worker->pid()).empty());
  ExpectGracefulEnd(program);
}

}  // namespace
}  // namespace millstream::test
