// Where the log goes and how much it tells, by flags and signals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "tests/support/cluster.h"
#include "tests/support/credentials.h"
#include "tests/support/expect_end.h"
#include "tests/support/proc.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"
#include "tests/support/text_server.h"
#include "tests/support/words.h"

namespace millstream::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class LogTest : public ::testing::Test {
 protected:
  std::vector<std::string> WordCount(const std::string& master, std::vector<std::string> flags) const {
    flags.insert(flags.begin(),
                 {Example("network_word_count"), "--master", master, "--batch-interval", "100ms"});
    flags.insert(flags.end(), {"127.0.0.1", std::to_string(server_.port())});
    return flags;
  }
  std::string Log(const std::string& name) const {
    std::ifstream file(folder_.File("log/") + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const TemporaryFolder folder_;
  TextServer server_;
};

// True after `count` more batches have been printed.
bool AwaitBatches(const Process& program, size_t count) {
  const auto frames = [](std::string_view out) {
    size_t found = 0;
    for (size_t at = 0; (at = out.find("Time: ", at)) != out.npos; ++at) ++found;
    return found;
  };
  const size_t enough = frames(program.out()) + count;
  return program.AwaitOut([&](std::string_view out) { return frames(out) >= enough; });
}

TEST_F(LogTest, ADriversLogGoesToADirectoryAndNothingElseDoes) {
  Process program(WordCount("local[2]", {"--log-dir", folder_.File("log")}));
  ASSERT_TRUE(server_.Send("word\n"));
  ASSERT_TRUE(program.AwaitOut("(word,1)")) << program.err();
  program.Signal(SIGTERM);
  ASSERT_TRUE(program.AwaitExit());
  EXPECT_THAT(
      Log("network_word_count.log"),
      ContainsRegex("Total delay: [0-9.]+ s for batch [0-9]+ time [0-9]+ ms \\(execution: [0-9.]+ s\\)\n"));
  EXPECT_EQ(program.err(), "");
}

TEST_F(LogTest, SubmitTakesTheFlagsOfALogAndOfBatchesAndPassesThemOn) {
  for (const char* level : {"warning", "info"}) {
    Process program(MillstreamCommand(
        MILLSTREAM_BIN_DIR,
        {"submit", "--master", "local[2]", "--batch-interval", "100ms", "--log-level", level, "--log-dir",
         folder_.File("log"), Example("network_word_count"), "127.0.0.1", std::to_string(server_.port())}));
    ASSERT_TRUE(AwaitBatches(program, 3)) << program.err();
    EXPECT_THAT(program.out(), ContainsRegex("Time: [0-9]+[1-9]00 ms\n"));
    ExpectGracefulEnd(program);
    EXPECT_EQ(program.err(), "");
    EXPECT_EQ(Log("network_word_count.log").find("Total delay") != std::string::npos,
              level == std::string("info"));
  }
}

TEST_F(LogTest, FlagsOfAClusterThatAMasterDoesNotHeedAreNamedInOneWarning) {
  const std::vector<std::pair<std::string, std::string>> masters{
      {"local[2]",
       "master local[2]: without effect on it: --num-executors (millstream.executor.instances), "
       "--executor-cores (millstream.executor.cores)\n"},
      {"local-cluster[1,2,512]",
       "master local-cluster[1,2,512]: without effect on it: --num-executors "
       "(millstream.executor.instances), "
       "--executor-cores (millstream.executor.cores), --executor-memory (millstream.executor.memory)\n"}};
  for (const auto& [master, warning] : masters) {
    Process program(MillstreamCommand(
        MILLSTREAM_BIN_DIR,
        {"submit", "--master", master, "--num-executors", "2", "--executor-cores", "1", "--executor-memory",
         "512", Example("network_word_count"), "127.0.0.1", std::to_string(server_.port())}));
    ASSERT_TRUE(AwaitBatches(program, 1)) << program.err();
    ExpectGracefulEnd(program);
    const std::string err = program.err();
    EXPECT_THAT(err, HasSubstr(warning));
    EXPECT_EQ(err.find("without effect"), err.rfind("without effect")) << err;
  }
  Process heeded(WordCount("local[2]", {"--conf", "millstream.executor.memory=512m"}));
  ASSERT_TRUE(AwaitBatches(heeded, 1)) << heeded.err();
  EXPECT_THAT(heeded.err(), Not(HasSubstr("without effect")));
}

TEST_F(LogTest, WhoMayOpenFewFilesSaysSoOnceAtTheStart) {
  const auto with_files = [](const char* most, const std::vector<std::string>& command) {
    std::vector<std::string> shell{"/bin/sh", "-c", std::string("ulimit -n ") + most + " && exec \"$@\"",
                                   "sh"};
    shell.insert(shell.end(), command.begin(), command.end());
    return shell;
  };
  constexpr const char* kWarning =
      "open files: this process may have at most 1024, and needs one for each connection, also a stranger's. "
      "As root, raise the hard limit: ulimit -Hn 8192, LimitNOFILE=8192 of a unit, or a line in "
      "/etc/security/limits.conf\n";
  const std::vector<std::string> master =
      MillstreamCommand(MILLSTREAM_BIN_DIR, {"master", "--port", "0", "--work-dir", folder_.File("master")});
  Process few(with_files("1024", master));
  ASSERT_TRUE(few.AwaitOut("\n")) << few.err();
  const std::string url = few.out().substr(6, few.out().size() - 7);
  Process worker(with_files(
      "1024", MillstreamCommand(MILLSTREAM_BIN_DIR, {"worker", "--work-dir", folder_.File("worker"), url})));
  EXPECT_TRUE(worker.AwaitOut("ready ")) << worker.err();
  Process program(with_files("1024", WordCount(url, {})));
  EXPECT_TRUE(AwaitBatches(program, 1)) << program.err();
  ExpectGracefulEnd(program);
  for (Process* process : {&program, &worker, &few}) {
    ExpectGracefulEnd(*process);
    const std::string err = process->err();
    EXPECT_THAT(err, HasSubstr(kWarning));
    EXPECT_EQ(err.find("open files:"), err.rfind("open files:")) << err;
  }
  Process enough(with_files("8192", master));
  EXPECT_TRUE(enough.AwaitOut("ready ")) << enough.err();
  ExpectGracefulEnd(enough);
  EXPECT_THAT(enough.err(), Not(HasSubstr("open files:")));
}

TEST_F(LogTest, TwoProcessesDoNotShareAFile) {
  Process first(WordCount("local[2]", {"--log-dir", folder_.File("log")}));
  ASSERT_TRUE(AwaitBatches(first, 1));
  Process second(WordCount("local[2]", {"--conf", "millstream.log.dir=" + folder_.File("log")}));
  EXPECT_EQ(second.AwaitExit()->code, 2);
  EXPECT_THAT(second.err(), HasSubstr("another process writes it"));
  EXPECT_EQ(ErrorLines(second.err()), 1);
}

TEST_F(LogTest, SignalsChangeTheLevelOfADriverThatRuns) {
  Process program(WordCount("local[2]", {"--log-level", "warning"}));
  ASSERT_TRUE(AwaitBatches(program, 3));
  EXPECT_EQ(program.err(), "");
  program.Signal(SIGUSR1);
  ASSERT_TRUE(program.AwaitErr("Total delay"));
  program.Signal(SIGUSR1);
  ASSERT_TRUE(program.AwaitErr("millstream: the log level is now debug\n"));
  for (const char* level : {"info", "warning", "error"}) {
    program.Signal(SIGUSR2);
    ASSERT_TRUE(program.AwaitErr([&](std::string_view err) {
      const size_t debug = err.find("now debug");
      return err.find(std::string("the log level is now ") + level + "\n", debug) != err.npos;
    }));
  }
  ASSERT_TRUE(AwaitBatches(program, 2));
  const std::string before = program.err();
  ASSERT_TRUE(AwaitBatches(program, 3));
  EXPECT_EQ(program.err(), before);
  program.Signal(SIGTERM);
  EXPECT_EQ(program.AwaitExit()->code, 0);
}

TEST_F(LogTest, AnExecutorHearsTheSignalsToo) {
  Process program(WordCount("local-cluster[1,2,512]", {}));
  ASSERT_TRUE(AwaitBatches(program, 1));
  const std::vector<pid_t> executors = ChildrenOf(program.pid());
  ASSERT_EQ(executors.size(), 1u);
  kill(executors.front(), SIGUSR2);
  EXPECT_TRUE(program.AwaitErr("millstream: the log level is now warning\n"));
  EXPECT_TRUE(AwaitBatches(program, 2)) << program.err();
}

TEST_F(LogTest, AnExecutorOnAClusterLogsItsStartAndWhyItEnds) {
  Cluster cluster(MILLSTREAM_BIN_DIR);
  cluster.AddWorker(2);
  Process program(WordCount(cluster.url(), {"--conf", "millstream.executor.memory=256m"}));
  ASSERT_TRUE(AwaitBatches(program, 1)) << program.err();
  program.Signal(SIGTERM);
  EXPECT_EQ(program.AwaitExit()->code, 0) << program.err();
  std::string log;
  EXPECT_TRUE(AwaitThat([&] {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(cluster.WorkDirectoryOf(0))) {
      if (entry.path().filename() != "stderr") continue;
      std::ifstream file(entry.path());
      log.assign(std::istreambuf_iterator<char>(file), {});
    }
    return log.ends_with("ends: its driver has ended\n");
  })) << log;
  EXPECT_THAT(log,
              ContainsRegex("^I[^\n]*] executor 0 of app-[0-9]+-[0-9]+ starts at 127.0.0.1:[0-9]+, with 2 "
                            "cores and 256m, for the driver at 127.0.0.1:[0-9]+\n"
                            "I[^\n]*] executor 0 of app-[0-9]+-[0-9]+ ends: its driver has ended\n$"));
}

TEST_F(LogTest, AnExecutorOfALocalClusterTellsItsLifeOnlyToWhoAsksForDebug) {
  for (const std::string level : {"info", "debug"}) {
    Process program(WordCount("local-cluster[1,2,512]", {"--log-level", level}));
    ASSERT_TRUE(AwaitBatches(program, 1)) << program.err();
    program.Signal(SIGTERM);
    EXPECT_EQ(program.AwaitExit()->code, 0) << program.err();
    const bool told = program.err().find("executor 0 starts at 127.0.0.1:") != std::string::npos;
    EXPECT_EQ(told, level == "debug") << program.err();
  }
}

TEST_F(LogTest, TheMasterSaysWhatItLost) {
  Cluster cluster(MILLSTREAM_BIN_DIR);
  cluster.AddWorker(2);
  Process program(WordCount(cluster.url(), {"--conf", "millstream.executor.memory=256m"}));
  ASSERT_TRUE(AwaitBatches(program, 1)) << program.err();
  const std::vector<pid_t> executors = cluster.Executors();
  ASSERT_EQ(executors.size(), 1u);
  kill(executors.front(), SIGKILL);
  EXPECT_TRUE(cluster.master().AwaitErr("is lost: was killed by signal 9 (SIGKILL)\n"));
  EXPECT_TRUE(cluster.master().AwaitErr("executor 1 of app-"));
  program.Signal(SIGTERM);
  EXPECT_EQ(program.AwaitExit()->code, 0) << program.err();
  EXPECT_TRUE(cluster.master().AwaitErr(" is FINISHED, with exit code 0\n"));
  cluster.workers().front()->Signal(SIGKILL);
  EXPECT_TRUE(cluster.master().AwaitErr("is away, and lost in 10000 ms\n"));
  EXPECT_THAT(cluster.master().err(), ContainsRegex("I[^\n]* worker [^ ]+ is registered: 2 cores, 4g\n"));
}

TEST_F(LogTest, ADaemonsLogGoesToADirectoryAndItsLevelIsAFlag) {
  const auto master = [this](const std::string& work_dir, const std::string& level) {
    return MillstreamCommand(MILLSTREAM_BIN_DIR,
                             {"master", "--port", "0", "--work-dir", folder_.File(work_dir), "--log-level",
                              level, "--log-dir", folder_.File("log")});
  };
  {
    Process quiet(master("a", "error"));
    ASSERT_TRUE(quiet.AwaitOut("ready ")) << quiet.err();
    quiet.Signal(SIGTERM);
    EXPECT_EQ(quiet.AwaitExit()->code, 0);
    EXPECT_EQ(Log("master.log"), "");
  }
  Process running(master("a", "info"));
  ASSERT_TRUE(running.AwaitOut("ready ")) << running.err();
  ASSERT_TRUE(
      AwaitThat([&] { return Log("master.log").find("master at millstream://") != std::string::npos; }));
  EXPECT_EQ(running.err(), "");
  Process second(master("b", "info"));
  EXPECT_EQ(second.AwaitExit()->code, 2);
  EXPECT_THAT(second.err(), HasSubstr("another process writes it"));
  running.Signal(SIGUSR2);
  EXPECT_TRUE(running.AwaitErr("millstream: the log level is now warning\n"));
}

}  // namespace
}  // namespace millstream::test
