// The word count program as a user runs it: processes, sockets, standard output.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <numeric>

#include "tests/support/process.h"
#include "tests/support/programs.h"
#include "tests/support/text_server.h"
#include "tests/support/words.h"

namespace millstream::test {
namespace {

using ::testing::HasSubstr;

bool AwaitCounts(const Process& program, const Counts& expected) {
  return program.AwaitOut([&](std::string_view out) { return PrintedCounts(out) == expected; });
}

Counts Sum(Counts a, const Counts& b) {
  for (const auto& [word, count] : b) a[word] += count;
  return a;
}

// Stops the program as an operator does, and checks what it wrote in all.
void ExpectGracefulEnd(Process& program, const Counts& expected) {
  program.Signal(SIGTERM);
  const std::optional<Exit> exit = program.AwaitExit();
  ASSERT_TRUE(exit) << program.err();
  EXPECT_EQ(exit->code, 0) << program.err();
  const auto frames = ParseFrames(program.out());
  ASSERT_TRUE(frames) << program.out().substr(0, 2000);
  EXPECT_EQ(PrintedCounts(program.out()), expected);
  for (size_t i = 1; i < frames->size(); ++i) {
    EXPECT_EQ((*frames)[i].time_ms - (*frames)[i - 1].time_ms, 100);
    EXPECT_EQ((*frames)[i].time_ms % 100, 0);
  }
  EXPECT_EQ(ErrorLines(program.err()), 0) << program.err();
}

class WordCountTest : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Masters, WordCountTest,
                         ::testing::Values("local[2]", "local-cluster[2,1,512]", "local-cluster[2,2,512]"));

TEST_P(WordCountTest, CountsExactlyAndPrintsNothingButFrames) {
  TextServer server;
  Process program(WordCount(GetParam(), "127.0.0.1", server.port()));
  const std::vector<std::string> lines = SomeLines(20'000);
  ASSERT_TRUE(server.Send(Joined(lines)));
  ASSERT_TRUE(AwaitCounts(program, CountedWords(lines))) << program.err();
  ExpectGracefulEnd(program, CountedWords(lines));
}

TEST_P(WordCountTest, FindsAServerThatComesLaterGoesAndReturns) {
  const int port = UnusedPort();
  Process program(WordCount(GetParam(), "localhost", port));
  ASSERT_TRUE(program.AwaitErr("cannot connect to localhost:" + std::to_string(port)));
  Counts expected;
  for (int visit = 0; visit < 3; ++visit) {
    TextServer server(port);
    const std::vector<std::string> lines = SomeLines(100 + visit);
    ASSERT_TRUE(server.Send(Joined(lines)));
    expected = Sum(expected, CountedWords(lines));
    ASSERT_TRUE(AwaitCounts(program, expected)) << visit << program.err();
  }
  ExpectGracefulEnd(program, expected);
}

TEST(WordCountFramesTest, EmptyBatchesAndTheEllipsisAreSparksToTheByte) {
  TextServer server;
  std::vector<std::string> arguments = WordCount("local[2]", "127.0.0.1", server.port());
  arguments.back() = "2";
  Process program(arguments);
  ASSERT_TRUE(server.Send("one two three\n"));
  ASSERT_TRUE(program.AwaitOut("...\n"));
  program.Signal(SIGTERM);
  ASSERT_TRUE(program.AwaitExit());
  const auto frames = ParseFrames(program.out());
  ASSERT_TRUE(frames) << program.out();
  int full = 0;
  for (const Frame& frame : *frames) {
    if (frame.rows.empty()) continue;
    ++full;
    ASSERT_EQ(frame.rows.size(), 3u);
    for (const int row : {0, 1}) {
      EXPECT_THAT(frame.rows[row], ::testing::AnyOf("(one,1)", "(two,1)", "(three,1)"));
    }
    EXPECT_EQ(frame.rows[2], "...");
  }
  EXPECT_EQ(full, 1);
}

struct Level {
  const char* level;
  bool tells_batches;
  bool tells_refusals;  // of connections
};

class WordCountLogTest : public ::testing::TestWithParam<Level> {};
INSTANTIATE_TEST_SUITE_P(Levels, WordCountLogTest,
                         ::testing::Values(Level{"info", true, true}, Level{"warning", false, true},
                                           Level{"error", false, false}),
                         [](const auto& level) { return std::string(level.param.level); });

TEST_P(WordCountLogTest, TellsWhatIsAsSevereAsItsLevelAndNoMore) {
  const int port = UnusedPort();
  std::vector<std::string> arguments = WordCount("local-cluster[2,1,512]", "localhost", port);
  arguments.insert(arguments.end() - 3, {"--conf", std::string("millstream.log.level=") + GetParam().level});
  Process program(arguments);
  if (GetParam().tells_refusals) {
    ASSERT_TRUE(program.AwaitErr("cannot connect")) << program.err();
  } else {
    ASSERT_TRUE(program.AwaitOut("Time: ")) << program.err();
  }
  TextServer server(port);
  ASSERT_TRUE(server.Send("word\n"));
  ASSERT_TRUE(AwaitCounts(program, {{"word", 1}})) << program.err();
  ExpectGracefulEnd(program, {{"word", 1}});
  EXPECT_EQ(program.err().find("Total delay") != std::string::npos, GetParam().tells_batches)
      << program.err();
  EXPECT_TRUE(GetParam().tells_refusals || program.err().empty()) << program.err();
}

TEST(WordCountInputTest, BytesArePreservedAndLinesEndAsDocumented) {
  TextServer server;
  Process program(WordCount("local[2]", "127.0.0.1", server.port()));
  const std::string text = std::string("nul\0inside nul\0inside\n", 22) + "crlf crlf\r\n" +
                           "\xff\xfe bad\xc3 \xf5\n" + "\n\n" + "last line";
  ASSERT_TRUE(server.Send(text));
  server.Disconnect();  // the last line has no end
  const Counts expected = {{std::string("nul\0inside", 10), 2},
                           {"crlf", 2},
                           {"\xff\xfe", 1},
                           {"bad\xc3", 1},
                           {"\xf5", 1},
                           {"last", 1},
                           {"line", 1}};
  ASSERT_TRUE(AwaitCounts(program, expected)) << program.out();
  ExpectGracefulEnd(program, expected);
}

TEST(WordCountInputTest, ALineOf64MebibytesIsDroppedCountedAndTheNextIsRead) {
  TextServer server;
  Process program(WordCount("local[2]", "127.0.0.1", server.port()));
  ASSERT_TRUE(server.Send("before\n"));
  const std::string mebibyte(1 << 20, 'x');
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(server.Send(mebibyte));
  ASSERT_TRUE(server.Send("\nafter\n"));
  const Counts expected = {{"before", 1}, {"after", 1}};
  ASSERT_TRUE(AwaitCounts(program, expected)) << program.err();
  EXPECT_TRUE(program.AwaitErr("1 lines from 127.0.0.1")) << program.err();
  ExpectGracefulEnd(program, expected);
}

}  // namespace
}  // namespace millstream::test
