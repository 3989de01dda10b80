// Drivers that run on workers: submitted, awaited, supervised, killed, and what happens when anything dies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/cluster.h"
#include "tests/support/credentials.h"
#include "tests/support/proc.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"
#include "tests/support/text_server.h"
#include "tests/support/words.h"

namespace millstream::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class DeployModeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    cluster_.AddWorker(3);
    cluster_.AddWorker(3);
  }

  static std::vector<std::string> Command(std::vector<std::string> arguments) {
    return MillstreamCommand(MILLSTREAM_BIN_DIR, std::move(arguments));
  }
  std::vector<std::string> Submit(const std::vector<std::string>& flags,
                                  const std::vector<std::string>& told) {
    std::vector<std::string> arguments{
        "submit", "--master",          cluster_.url(), "--deploy-mode", "cluster", "--total-executor-cores",
        "2",      "--executor-memory", "256m"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    arguments.push_back(TestProgram("do_as_told"));
    arguments.insert(arguments.end(), told.begin(), told.end());
    return Command(arguments);
  }
  // The id of a driver that nobody waits for.
  std::string SubmitDetached(std::vector<std::string> flags, const std::vector<std::string>& told) {
    flags.push_back("--detach");
    Process submit(Submit(flags, told));
    EXPECT_EQ(submit.AwaitExit()->code, 0) << submit.err();
    return submit.out().substr(0, submit.out().find('\n'));
  }
  std::string Ask(const std::string& flag, const std::string& id) {
    Process command(Command({"submit", flag, id, "--master", cluster_.url()}));
    EXPECT_EQ(command.AwaitExit()->code, 0) << command.err();
    return command.out();
  }
  bool AwaitStatus(const std::string& id, const std::string& text) {
    return AwaitThat([&] { return Ask("--status", id).find(text) != std::string::npos; });
  }
  std::string Logs(const std::string& id) {
    Process logs(Command({"logs", id, "--stdout", "--master", cluster_.url()}));
    EXPECT_EQ(logs.AwaitExit()->code, 0) << logs.err();
    return logs.out();
  }

  // The process of a driver's launch, once that is there.
  pid_t AwaitDriver(const std::string& id, int launch) {
    pid_t found = 0;
    EXPECT_TRUE(AwaitThat([&] {
      for (size_t i = 0; i < cluster_.workers().size(); ++i) {
        const fs::path directory = fs::path(cluster_.WorkDirectoryOf(i)) / id / std::to_string(launch);
        for (const pid_t child : ChildrenOf(cluster_.workers()[i]->pid())) {
          std::error_code gone;
          if (fs::read_symlink("/proc/" + std::to_string(child) + "/cwd", gone) == directory) found = child;
        }
      }
      return found != 0;
    })) << cluster_.List();
    return found;
  }
  size_t Processes() {
    size_t processes = 0;
    for (const auto& worker : cluster_.workers()) processes += ChildrenOf(worker->pid()).size();
    return processes;
  }

  Cluster cluster_{MILLSTREAM_BIN_DIR};
};

TEST_F(DeployModeTest, TheSubmitterEndsAsTheDriverDoes) {
  const std::pair<std::vector<std::string>, int> endings[] = {
      {{"exit", "0"}, 0}, {{"exit", "7"}, 7}, {{"signal", "6"}, 128 + 6}, {{"signal", "9"}, 128 + 9}};
  for (const auto& [told, code] : endings) {
    Process submit(Submit({}, told));
    const std::optional<Exit> exit = submit.AwaitExit();
    ASSERT_TRUE(exit) << submit.err();
    EXPECT_EQ(exit->code, code) << submit.err();
    EXPECT_EQ(ErrorLines(submit.err()), code == 0 ? 0 : 1) << submit.err();
    EXPECT_EQ(submit.out(), "");
  }
  const std::string list = cluster_.List();
  for (const char* ending : {"FINISHED  0", "FAILED    7", "FAILED    134", "FAILED    137"}) {
    EXPECT_THAT(list, HasSubstr(ending));
  }
  EXPECT_TRUE(AwaitThat([&] { return Processes() == 0; }));
}

TEST_F(DeployModeTest, AnUnchangedProgramCountsItsWordsOnAWorker) {
  TextServer server;
  Process submit(Command({"submit", "--master", cluster_.url(), "--deploy-mode", "cluster", "--detach",
                          "--executor-memory", "256m", Example("network_word_count"), "--batch-interval",
                          "100ms", "127.0.0.1", std::to_string(server.port()), "100000"}));
  ASSERT_EQ(submit.AwaitExit()->code, 0) << submit.err();
  const std::string id = submit.out().substr(0, submit.out().find('\n'));
  const std::vector<std::string> lines = SomeLines(2'000);
  ASSERT_TRUE(server.Send(Joined(lines)));
  Process follower(Command({"logs", id, "--stdout", "-f", "--master", cluster_.url()}));
  EXPECT_TRUE(follower.AwaitOut([&](std::string_view out) {
    return PrintedCounts(out) == CountedWords(lines);
  })) << follower.err();
  kill(AwaitDriver(id, 1), SIGTERM);
  EXPECT_TRUE(AwaitStatus(id, "FINISHED"));
  EXPECT_EQ(follower.AwaitExit()->code, 0) << follower.err();
  EXPECT_TRUE(AwaitThat([&] { return Processes() == 0; }));
}

TEST_F(DeployModeTest, KillEndsADriverForGoodEvenASupervisedOne) {
  const std::string id = SubmitDetached({"--supervise"}, {"hang"});
  AwaitDriver(id, 1);
  EXPECT_THAT(Ask("--status", id), HasSubstr("RUNNING"));
  Ask("--kill", id);
  EXPECT_TRUE(AwaitStatus(id, "KILLED"));
  EXPECT_TRUE(AwaitThat([&] { return Processes() == 0; }));
  Ask("--kill", id);
  EXPECT_THAT(Ask("--status", id), AllOf(HasSubstr("KILLED"), HasSubstr("\nit was killed by request\n")));
}

TEST_F(DeployModeTest, ASupervisedDriverThatFailsRunsAgainUntilItEndsWell) {
  const std::string once = cluster_.WorkDirectoryOf(0) + "/once";
  Process submit(Submit({"--supervise"}, {"once", once}));
  EXPECT_EQ(submit.AwaitExit()->code, 0) << submit.err();
  EXPECT_THAT(submit.err(), HasSubstr("RELAUNCHING: it exited with code 5"));
  EXPECT_THAT(submit.err(), HasSubstr("FINISHED"));
}

TEST_F(DeployModeTest, ASupervisedDriverMovesWhenItIsKilledAndWhenItsWorkerIs) {
  const std::string id = SubmitDetached({"--supervise"}, {"hang"});
  kill(AwaitDriver(id, 1), SIGKILL);
  const pid_t second = AwaitDriver(id, 2);
  auto& workers = cluster_.workers();
  const auto of_second = std::ranges::find_if(workers, [&](const auto& worker) {
    return std::ranges::count(ChildrenOf(worker->pid()), second) == 1;
  });
  ASSERT_NE(of_second, workers.end());
  (*of_second)->Signal(SIGKILL);
  ASSERT_TRUE((*of_second)->AwaitExit());
  EXPECT_TRUE(AwaitThat([&] { return !IsAlive(second); }));
  AwaitDriver(id, 3);
  Ask("--kill", id);
  EXPECT_TRUE(AwaitStatus(id, "KILLED"));
}

TEST_F(DeployModeTest, AMasterThatIsStartedAgainNeitherLosesNorDoublesADriver) {
  Process stays(Submit({"--supervise"}, {"hang"}));
  Process ends(Submit({"--supervise"}, {"hang"}));
  ASSERT_TRUE(stays.AwaitErr("RUNNING") && ends.AwaitErr("RUNNING"));
  const auto id_of = [](const Process& submit) {
    return submit.err().substr(submit.err().find("driver-"),
                               std::string("driver-20260102030405-0007").size());
  };
  const pid_t stays_pid = AwaitDriver(id_of(stays), 1);
  const pid_t ends_pid = AwaitDriver(id_of(ends), 1);
  cluster_.master().Signal(SIGKILL);
  ASSERT_TRUE(cluster_.master().AwaitExit());
  kill(ends_pid, SIGTERM);
  EXPECT_TRUE(AwaitThat([&] { return !IsAlive(ends_pid); }));
  cluster_.RestartMaster();
  AwaitDriver(id_of(ends), 2);
  EXPECT_EQ(AwaitDriver(id_of(stays), 1), stays_pid);
  Ask("--kill", id_of(stays));
  Ask("--kill", id_of(ends));
  EXPECT_EQ(stays.AwaitExit()->code, 137) << stays.err();
  EXPECT_EQ(ends.AwaitExit()->code, 137) << ends.err();
}

TEST_F(DeployModeTest, ADriverThatHangsLosesItsExecutorsAndWhatComesBackIsRefused) {
  TextServer server;
  Process program({Example("network_word_count"), "--master", cluster_.url(), "--batch-interval", "100ms",
                   "--conf", "millstream.executor.memory=256m", "127.0.0.1", std::to_string(server.port())});
  ASSERT_TRUE(server.AwaitClients(1));
  program.Signal(SIGSTOP);
  EXPECT_TRUE(AwaitThat([&] { return Processes() == 0; }));
  EXPECT_TRUE(AwaitThat([&] { return cluster_.List().find("LOST") != std::string::npos; }));
  program.Signal(SIGCONT);
  EXPECT_EQ(program.AwaitExit()->code, 1);
  EXPECT_EQ(ErrorLines(program.err()), 1) << program.err();
  EXPECT_EQ(Processes(), 0u);
}

TEST_F(DeployModeTest, FilesAreFoundInEveryProcessOfEveryMode) {
  const std::string path = cluster_.WorkDirectoryOf(0) + "/words.txt";
  std::ofstream(path) << "hello";
  const std::vector<std::string> told{"file", "words.txt"};
  const std::string id = SubmitDetached({"--files", path}, told);
  ASSERT_TRUE(AwaitStatus(id, "FINISHED")) << Ask("--status", id);
  const std::string out = Logs(id);
  EXPECT_THAT(out, HasSubstr("driver: hello in " + fs::path(path).parent_path().parent_path().string()));
  EXPECT_THAT(out, HasSubstr(id + "/1/words.txt\n"));
  EXPECT_THAT(out, HasSubstr("executor: hello in "));
  for (const std::string& master :
       {cluster_.url(), std::string("local[2]"), std::string("local-cluster[1,2,256]")}) {
    Process program(Command(
        {"submit", "--master", master, "--files", path, TestProgram("do_as_told"), "file", "words.txt"}));
    EXPECT_EQ(program.AwaitExit()->code, 0) << program.err();
    EXPECT_THAT(program.out(), HasSubstr("driver: hello in " + path + "\n"));
    EXPECT_THAT(program.out(), HasSubstr("executor: hello in "));
    EXPECT_EQ(program.out().find("executor: hello in " + path) == std::string::npos,
              master == cluster_.url());
  }
}

TEST(SecuredDeployModeTest, ADriverOnAWorkerAndItsExecutorsAreCertifiedByTheirWorkers) {
  const TemporaryFolder folder;
  const std::string secret_file = folder.File("secret");
  ASSERT_TRUE(security::ClusterSecret::MakeFile(secret_file).ok());
  const std::string file = folder.File("words.txt");
  std::ofstream(file) << "hello";
  Cluster cluster(MILLSTREAM_BIN_DIR, secret_file);
  cluster.AddWorker(2);
  cluster.AddWorker(2);
  const std::vector<std::string> access{"--master", cluster.url(), "--secret-file", secret_file};
  const auto command = [&access](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, access.begin(), access.end());
    return MillstreamCommand(MILLSTREAM_BIN_DIR, std::move(arguments));
  };
  Process submit(command({"submit", "--deploy-mode", "cluster", "--executor-memory", "256m", "--files", file,
                          TestProgram("do_as_told"), "file", "words.txt"}));
  EXPECT_EQ(submit.AwaitExit()->code, 0) << submit.err();
  const std::string id =
      submit.err().substr(submit.err().find("driver-"), std::string("driver-20260102030405-0007").size());
  Process logs(command({"logs", "--stdout", id}));
  EXPECT_EQ(logs.AwaitExit()->code, 0) << logs.err();
  EXPECT_THAT(logs.out(), HasSubstr("driver: hello in "));
  EXPECT_THAT(logs.out(), HasSubstr("executor: hello in "));
  Process failing(command({"submit", "--deploy-mode", "cluster", TestProgram("do_as_told"), "exit", "7"}));
  EXPECT_EQ(failing.AwaitExit()->code, 7) << failing.err();
}

// A program and its library in a directory that is gone before there are workers.
class PrivateLibraryTest : public DeployModeTest {
 protected:
  void SetUp() override {
    fs::create_directories(directory_ / "private");
    fs::copy(TestProgram("greet"), directory_ / "greet");
    fs::copy(TestProgram("private/libgreeting.so"), directory_ / "private/libgreeting.so");
  }
  std::vector<std::string> SubmitIn(const std::string& mode) const {
    return Command({"submit", "--master", cluster_.url(), "--deploy-mode", mode, "--executor-memory", "256m",
                    "--total-executor-cores", "1", directory_ / "greet"});
  }
  void MoveToWorkers() {
    fs::remove_all(directory_);
    cluster_.AddWorker(1);
    cluster_.AddWorker(1);
  }

  const fs::path directory_ = fs::path(cluster_.WorkDirectoryOf(0)).parent_path() / "program";
  const std::string greetings_ =
      "driver: hello from a private library\nexecutor: hello from a private library\n";
};

TEST_F(PrivateLibraryTest, AProgramRunsWhereItsPrivateLibraryIsNot) {
  std::vector<std::string> line = SubmitIn("cluster");
  line.insert(line.begin() + 2, "--detach");
  Process submit(line);
  ASSERT_EQ(submit.AwaitExit()->code, 0) << submit.err();
  const std::string id = submit.out().substr(0, submit.out().find('\n'));
  MoveToWorkers();
  ASSERT_TRUE(AwaitStatus(id, "FINISHED")) << Ask("--status", id);
  EXPECT_EQ(Logs(id), greetings_);
}

TEST_F(PrivateLibraryTest, SoDoExecutorsOfADriverInClientMode) {
  Process program(SubmitIn("client"));
  ASSERT_TRUE(AwaitThat([&] { return cluster_.List().find(" greet ") != std::string::npos; }))
      << program.err();
  MoveToWorkers();
  EXPECT_EQ(program.AwaitExit()->code, 0) << program.err();
  EXPECT_EQ(program.out(), greetings_);
}

TEST_F(DeployModeTest, AProgramThatNamesItselfNowhereIsCalledAsItsExecutableIs) {
  Process program({TestProgram("do_as_told"), "--master", cluster_.url(), "hang"});
  EXPECT_TRUE(program.AwaitErr("do_as_told runs on millstream://")) << program.err();
  EXPECT_THAT(cluster_.List(), ::testing::ContainsRegex("app-[0-9-]+ +do_as_told +"));
}

TEST_F(DeployModeTest, ExecutorsGetTheVariablesThatTheConfigurationNames) {
  for (const std::string& master : {cluster_.url(), std::string("local-cluster[1,2,256]")}) {
    Process program({TestProgram("do_as_told"), "--master", master, "--conf",
                     "millstream.executorEnv.GREETING=hello there", "variable", "GREETING"});
    EXPECT_EQ(program.AwaitExit()->code, 0) << program.err();
    EXPECT_THAT(program.out(), HasSubstr("driver: nothing\nexecutor: hello there\nexecutor: hello there\n"));
  }
}

TEST_F(DeployModeTest, OutputIsRolledAndReadAcrossTheRoll) {
  const std::string id = SubmitDetached({"--conf", "millstream.executor.logs.rolling.maxSize=64k", "--conf",
                                         "millstream.executor.logs.rolling.maxRetainedFiles=3"},
                                        {"say", "100000"});
  ASSERT_TRUE(AwaitStatus(id, "FINISHED")) << Ask("--status", id);
  uintmax_t bytes = 0;
  size_t files = 0;
  for (const size_t worker : {0, 1}) {
    const fs::path directory = fs::path(cluster_.WorkDirectoryOf(worker)) / id / "1";
    if (!fs::exists(directory)) continue;
    for (const auto& entry : fs::directory_iterator(directory)) {
      if (!entry.path().filename().string().starts_with("stdout")) continue;
      ++files;
      bytes += entry.file_size();
    }
  }
  EXPECT_EQ(files, 4u);
  EXPECT_LE(bytes, 4u * 64 * 1024);
  const std::string out = Logs(id);
  EXPECT_EQ(out.size(), bytes);
  int last = 99'999;
  for (size_t end = out.size(); end > 20; --last) {
    const size_t begin = out.rfind('\n', end - 2) + 1;
    if (begin == 0) break;
    ASSERT_EQ(out.substr(begin, end - begin), "line " + std::to_string(last) + "\n");
    end = begin;
  }
  EXPECT_LT(last, 90'000);
}

TEST_F(DeployModeTest, AWorkersOldDirectoriesAreRemovedAtItsNextStart) {
  const fs::path root = cluster_.WorkDirectoryOf(2);
  const auto make = [&root](const fs::path& directory, int days) {
    fs::create_directories(root / directory);
    fs::permissions(root, fs::perms::owner_all);
    std::ofstream(root / directory / "stdout") << "x";
    for (const fs::path& path :
         {root / directory / "stdout", root / directory, (root / directory).parent_path()}) {
      fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(24 * days));
    }
  };
  make("driver-20260101000000-0001/1", 8);
  make("app-20260101000000-0002/0", 8);
  make("driver-20260101000000-0003/1", 6);
  cluster_.AddWorker(1);
  EXPECT_TRUE(AwaitThat([&] { return !fs::exists(root / "driver-20260101000000-0001"); }));
  EXPECT_TRUE(AwaitThat([&] { return !fs::exists(root / "app-20260101000000-0002"); }));
  EXPECT_TRUE(fs::exists(root / "driver-20260101000000-0003/1/stdout"));
}

TEST_F(DeployModeTest, MoreCoresThanAnyWorkerHasIsExit3AndTheDriverIsWithdrawn) {
  Process submit(Submit({"--driver-cores", "4", "--wait-timeout", "300ms"}, {"exit", "0"}));
  EXPECT_EQ(submit.AwaitExit()->code, 3) << submit.err();
  EXPECT_EQ(ErrorLines(submit.err()), 1) << submit.err();
  EXPECT_THAT(submit.err(), HasSubstr("--driver-cores"));
  EXPECT_THAT(cluster_.List(), HasSubstr("KILLED"));
}

TEST_F(DeployModeTest, VerboseTellsWhereEachValueComesFrom) {
  const std::string properties = cluster_.WorkDirectoryOf(0) + "/some.properties";
  std::ofstream(properties) << "millstream.driver.memory 300m\n";
  Process submit(
      Submit({"--verbose", "--driver-cores", "2", "--properties-file", properties, "--log-level", "warning"},
             {"exit", "0"}));
  EXPECT_EQ(submit.AwaitExit()->code, 0) << submit.err();
  for (const std::string& line : {std::string("deploy mode = cluster (--deploy-mode)"),
                                  std::string("millstream.driver.cores = 2 (--driver-cores)"),
                                  std::string("millstream.log.level = warning (--log-level)"),
                                  "millstream.driver.memory = 300m (" + properties + ")"}) {
    EXPECT_THAT(submit.err(), HasSubstr(line + "\n"));
  }
}

TEST_F(DeployModeTest, AnApplicationWhoseProgramFailsIsListedAsFailedWithItsExitCode) {
  Process streaming({TestProgram("misbehave"), "--master", cluster_.url(), "throw"});
  EXPECT_EQ(streaming.AwaitExit()->code, 1) << streaming.err();
  Process batch({TestProgram("do_as_told"), "--master", cluster_.url(), "exit", "7"});
  EXPECT_EQ(batch.AwaitExit()->code, 7) << batch.err();
  EXPECT_THAT(cluster_.List(), HasSubstr("FAILED  1"));
  EXPECT_THAT(cluster_.List(), HasSubstr("FAILED  7"));
  EXPECT_THAT(cluster_.List(), Not(HasSubstr("FINISHED")));
}

}  // namespace
}  // namespace millstream::test
