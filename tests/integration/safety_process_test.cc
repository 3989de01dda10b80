// What the processes of an application show to others on the machine, and what those can do to it.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <set>
#include <sstream>

#include "tests/support/proc.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"
#include "tests/support/text_server.h"
#include "tests/support/words.h"

namespace millstream::test {
namespace {

std::vector<std::string> WordCount(const std::string& master, int port) {
  return {Example("network_word_count"),
          "--master",
          master,
          "--batch-interval",
          "100ms",
          "--conf",
          "millstream.log.level=debug",
          "127.0.0.1",
          std::to_string(port),
          "100000"};
}

std::set<std::string> Entries(const std::string& block) {
  std::set<std::string> entries;
  std::istringstream text(block);
  for (std::string entry; std::getline(text, entry, '\0');) entries.insert(entry);
  return entries;
}

// A connection to a port of this machine; -1 if there is none.
int Connect(int port) {
  const int connected = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  if (connect(connected, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return connected;
  close(connected);
  return -1;
}

// The driver and its executors.
std::vector<pid_t> ProcessesOf(const Process& program) {
  std::vector<pid_t> all = ChildrenOf(program.pid());
  all.push_back(program.pid());
  return all;
}

class SafetyTest : public ::testing::Test {
 protected:
  SafetyTest() : program_(WordCount("local-cluster[2,1,512]", server_.port())) {}

  void SetUp() override {
    ASSERT_TRUE(server_.Send("ready\n"));
    ASSERT_TRUE(program_.AwaitOut("(ready,1)")) << program_.err();
  }

  TextServer server_;
  Process program_;
};

TEST_F(SafetyTest, EveryListenerIsLoopbackOnly) {
  for (const pid_t pid : ProcessesOf(program_)) {
    const std::vector<Listener> listeners = ListenersOf(pid);
    EXPECT_FALSE(listeners.empty());
    for (const Listener& listener : listeners) EXPECT_TRUE(listener.loopback) << listener.port;
  }
}

TEST_F(SafetyTest, ExecutorsAreGivenNothingSecretInArgumentsOrEnvironment) {
  const std::string arguments = ProcFile(program_.pid(), "cmdline");
  const std::set<std::string> environment = Entries(ProcFile(program_.pid(), "environ"));
  const std::vector<pid_t> children = ChildrenOf(program_.pid());
  ASSERT_EQ(children.size(), 2u);
  for (const pid_t child : children) {
    const std::string theirs = ProcFile(child, "cmdline");
    EXPECT_EQ(theirs.substr(theirs.find('\0')), arguments.substr(arguments.find('\0')));
    EXPECT_THAT(theirs.c_str(), ::testing::MatchesRegex(".* [(]executor [01][)]"));
    for (const std::string& entry : Entries(ProcFile(child, "environ"))) {
      if (environment.contains(entry)) continue;
      EXPECT_THAT(entry, ::testing::MatchesRegex("MILLSTREAM_BOOTSTRAP_FD=[0-9]+|GRPC_POLL_STRATEGY=poll"));
    }
  }
}

TEST_F(SafetyTest, GarbageOnEveryPortDoesNoHarm) {
  const std::string nonsense[] = {
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string("\xff\xff\xff\x00\x00\x00\x00\x00\x01", 9),
      // A call whose header "te" has a value that is none, which gRPC logs as an error.
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string("\0\0\0\4\0\0\0\0\0", 9) +
          std::string("\0\0\x08\1\4\0\0\0\1\0\2te\3bad", 17),
      std::string(100'000, '\xa5'),
      "",
  };
  std::vector<int> connections;
  for (const pid_t pid : ProcessesOf(program_)) {
    for (const Listener& listener : ListenersOf(pid)) {
      for (const std::string& text : nonsense) {
        const int connected = Connect(listener.port);
        ASSERT_GE(connected, 0);
        send(connected, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        connections.push_back(connected);
      }
    }
  }
  EXPECT_GE(connections.size(), 3 * std::size(nonsense));
  EXPECT_TRUE(program_.AwaitErr("gRPC: ")) << program_.err();
  const std::vector<pid_t> children = ChildrenOf(program_.pid());
  const std::vector<std::string> lines = SomeLines(2000);
  ASSERT_TRUE(server_.Send(Joined(lines)));
  Counts expected = CountedWords(lines);
  expected["ready"] = 1;
  EXPECT_TRUE(program_.AwaitOut([&](std::string_view out) { return PrintedCounts(out) == expected; }))
      << program_.err();
  EXPECT_EQ(ChildrenOf(program_.pid()), children);
  for (const int connected : connections) close(connected);
  program_.Signal(SIGTERM);
  const std::optional<Exit> exit = program_.AwaitExit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->code, 0) << program_.err();
  // What gRPC logs is told as our own.
  std::istringstream log(program_.err());
  for (std::string line; std::getline(log, line);)
    EXPECT_THAT(line, ::testing::ContainsRegex("^[IWE][0-9]{8} [0-9:.]+ +[0-9]+] "));
}

TEST(LocalSafetyTest, NoPortIsOpenedWithinOneProcess) {
  TextServer server;
  Process program(WordCount("local[2]", server.port()));
  ASSERT_TRUE(server.Send("ready\n"));
  ASSERT_TRUE(program.AwaitOut("(ready,1)")) << program.err();
  EXPECT_TRUE(ListenersOf(program.pid()).empty());
  EXPECT_TRUE(ChildrenOf(program.pid()).empty());
}

}  // namespace
}  // namespace millstream::test
