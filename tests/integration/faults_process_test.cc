// Processes that are killed, stopped and interrupted while a program streams.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <sstream>
#include <thread>

#include "tests/support/proc.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"
#include "tests/support/text_server.h"
#include "tests/support/words.h"

namespace millstream::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

// Sends numbered lines to whoever is connected, until it is destroyed.
class Sender {
 public:
  explicit Sender(TextServer& server)
      : thread_([this, &server] {
          for (int i = 0; !stop_; ++i) {
            server.Send("line " + std::to_string(i) + " of many words that go on and on\n");
            std::this_thread::sleep_for(std::chrono::microseconds(200));  // a rate, not a synchronisation
          }
        }) {}
  ~Sender() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

std::vector<std::string> ReceivedBytes(const std::string& master, int port,
                                       std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {TestProgram("received_bytes"), "--master", master, "--conf",
                                        "millstream.streaming.receiverRestartDelay=50ms"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  arguments.insert(arguments.end(), {"127.0.0.1", std::to_string(port)});
  return arguments;
}

struct Totals {
  int batches = 0;
  long long lines = 0;
  bool exact = true;  // every batch saw just what was reported for it
};

Totals TotalsOf(std::string_view out) {
  Totals totals;
  std::istringstream lines{std::string(out)};
  std::string line;
  while (std::getline(lines, line) && !lines.eof()) {
    unsigned long long batch = 0;
    long long blocks = 0, seen = 0, sum = 0;
    if (std::sscanf(line.c_str(), "batch %llu blocks %lld lines %lld sum %lld", &batch, &blocks, &seen,
                    &sum) != 4 ||
        batch != static_cast<unsigned long long>(totals.batches) || blocks != seen || seen != sum) {
      totals.exact = false;
      return totals;
    }
    ++totals.batches;
    totals.lines += seen;
  }
  return totals;
}

// Until more is counted than now.
bool AwaitMore(const Process& program) {
  const long long now = TotalsOf(program.out()).lines;
  return program.AwaitOut([now](std::string_view out) { return TotalsOf(out).lines > now; });
}

pid_t ReceiverOf(const Process& program, int port) {
  pid_t receiver = 0;
  AwaitThat([&] {
    for (const pid_t child : ChildrenOf(program.pid())) {
      if (IsConnectedTo(child, port)) receiver = child;
    }
    return receiver != 0;
  });
  return receiver;
}

pid_t OtherThan(pid_t executor, const Process& program) {
  for (const pid_t child : ChildrenOf(program.pid())) {
    if (child != executor) return child;
  }
  return 0;
}

// That `count` children run, and `gone` is none of them.
bool AwaitReplaced(const Process& program, size_t count, pid_t gone) {
  return AwaitThat(
      [&] {
        const std::vector<pid_t> children = ChildrenOf(program.pid());
        return children.size() == count &&
               std::find(children.begin(), children.end(), gone) == children.end();
      },
      seconds(20));
}

void ExpectGracefulEnd(Process& program) {
  program.Signal(SIGTERM);
  const std::optional<Exit> exit = program.AwaitExit();
  ASSERT_TRUE(exit) << program.err();
  EXPECT_EQ(exit->code, 0) << program.err();
  EXPECT_TRUE(TotalsOf(program.out()).exact) << program.out();
  EXPECT_EQ(ErrorLines(program.err()), 0) << program.err();
}

// One loss each: until what was on the lost executor is copied again, another loss may be one too many.
struct Loss {
  const char* master;
  size_t executors;
  bool of_receiver;
};

class LostExecutorTest : public ::testing::TestWithParam<Loss> {};
INSTANTIATE_TEST_SUITE_P(All, LostExecutorTest,
                         ::testing::Values(Loss{"local-cluster[2,2,512]", 2, true},
                                           Loss{"local-cluster[2,2,512]", 2, false},
                                           Loss{"local-cluster[3,1,512]", 3, true},
                                           Loss{"local-cluster[3,1,512]", 3, false}));

// Loses an executor by `signal` while the program streams.
void LoseOne(Process& program, TextServer& server, int signal) {
  const Loss& loss = LostExecutorTest::GetParam();
  ASSERT_TRUE(server.AwaitClients(1));
  Sender sender(server);
  ASSERT_TRUE(AwaitMore(program)) << program.err();
  EXPECT_EQ(ChildrenOf(program.pid()).size(), loss.executors);
  const pid_t receiver = ReceiverOf(program, server.port());
  ASSERT_NE(receiver, 0);
  const pid_t victim = loss.of_receiver ? receiver : OtherThan(receiver, program);
  ASSERT_NE(victim, 0);
  kill(victim, signal);
  EXPECT_TRUE(AwaitReplaced(program, loss.executors, victim)) << program.err();
  if (signal == SIGSTOP) kill(victim, SIGCONT);  // too late: it was ended meanwhile
  ASSERT_NE(ReceiverOf(program, server.port()), 0) << program.err();
  ASSERT_TRUE(AwaitMore(program)) << program.out() << program.err();
  ExpectGracefulEnd(program);
}

TEST_P(LostExecutorTest, AfterKillWhatWasReportedIsCountedAndAReplacementComes) {
  TextServer server;
  Process program(ReceivedBytes(GetParam().master, server.port()));
  LoseOne(program, server, SIGKILL);
  EXPECT_THAT(program.err(), HasSubstr("killed by signal 9 (SIGKILL)"));
}

TEST_P(LostExecutorTest, AfterAHangOfTheNetworkTimeoutTheSame) {
  TextServer server;
  Process program(
      ReceivedBytes(GetParam().master, server.port(), {"--conf", "millstream.network.timeout=2s"}));
  LoseOne(program, server, SIGSTOP);
  EXPECT_THAT(program.err(), HasSubstr("was silent for 2000 ms"));
}

TEST(KilledDriverTest, LeavesNoChildBehind) {
  TextServer server;
  Process program(ReceivedBytes("local-cluster[2,2,512]", server.port()));
  Sender sender(server);
  ASSERT_TRUE(AwaitMore(program)) << program.err();
  const std::vector<pid_t> children = ChildrenOf(program.pid());
  ASSERT_EQ(children.size(), 2u);
  program.Signal(SIGKILL);
  ASSERT_TRUE(program.AwaitExit());
  EXPECT_TRUE(
      AwaitThat([&] { return std::none_of(children.begin(), children.end(), IsAlive); }, seconds(10)));
}

struct Interruption {
  const char* master;
  int signal;
};

class InterruptedTest : public ::testing::TestWithParam<Interruption> {};
INSTANTIATE_TEST_SUITE_P(All, InterruptedTest,
                         ::testing::Values(Interruption{"local[2]", SIGTERM},
                                           Interruption{"local[2]", SIGINT},
                                           Interruption{"local-cluster[2,1,512]", SIGTERM},
                                           Interruption{"local-cluster[2,1,512]", SIGINT}));

TEST_P(InterruptedTest, WhatWasReceivedIsProcessedBeforeTheEnd) {
  TextServer server;
  Process program({Example("network_word_count"), "--master", GetParam().master, "--batch-interval", "1h",
                   "127.0.0.1", std::to_string(server.port()), "100000"});
  const std::vector<std::string> lines = SomeLines(1000);
  ASSERT_TRUE(server.Send(Joined(lines)));
  ASSERT_TRUE(AwaitThat([&] { return AllIsRead(server.port()); }));
  program.Signal(GetParam().signal);
  const std::optional<Exit> exit = program.AwaitExit();
  ASSERT_TRUE(exit) << program.err();
  EXPECT_EQ(exit->code, 0) << program.err();
  EXPECT_TRUE(ParseFrames(program.out())) << program.out();
  EXPECT_EQ(PrintedCounts(program.out()), CountedWords(lines));
}

TEST_P(InterruptedTest, ASecondSignalEndsItAtOnce) {
  Process program({TestProgram("misbehave"), "--master", GetParam().master, "hang"});
  ASSERT_TRUE(program.AwaitErr("hanging")) << program.err();
  const std::vector<pid_t> children = ChildrenOf(program.pid());
  program.Signal(GetParam().signal);
  ASSERT_TRUE(program.AwaitErr(": stopping")) << program.err();
  program.Signal(GetParam().signal);
  const std::optional<Exit> exit = program.AwaitExit();
  ASSERT_TRUE(exit) << program.err();
  EXPECT_EQ(exit->code, 128 + GetParam().signal) << program.err();
  EXPECT_THAT(program.err(), HasSubstr("what was received and not processed is dropped"));
  EXPECT_TRUE(
      AwaitThat([&] { return std::none_of(children.begin(), children.end(), IsAlive); }, seconds(10)));
}

}  // namespace
}  // namespace millstream::test
