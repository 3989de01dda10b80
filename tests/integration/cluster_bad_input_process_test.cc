// What is wrong with a cluster's daemons and submissions: exit codes, and one line that names it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "common/security/cluster_secret.h"
#include "tests/support/cluster.h"
#include "tests/support/credentials.h"
#include "tests/support/expect_end.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"
#include "tests/support/text_server.h"

namespace millstream::test {
namespace {

std::vector<std::string> Command(std::vector<std::string> arguments) {
  return MillstreamCommand(MILLSTREAM_BIN_DIR, std::move(arguments));
}

std::string NobodysUrl() { return "millstream://127.0.0.1:" + std::to_string(UnusedPort()); }

struct BadInput {
  const char* name;
  std::vector<std::string> arguments;
  int code;
  std::vector<std::string> says;
};

void PrintTo(const BadInput& input, std::ostream* out) { *out << input.name; }

class ClusterBadInputTest : public ::testing::TestWithParam<BadInput> {};

// 127.257 is an old way to write 127.0.1.1, and resolved as a name is.
const BadInput kInputs[] = {
    {"UnknownCommand", {"mastre"}, 2, {"mastre", "master"}},
    {"UnknownFlagOfTheMaster", {"master", "--prot", "1"}, 2, {"--prot", "--port"}},
    {"UnknownFlagOfTheWorker",
     {"worker", "--core", "1", "millstream://127.0.0.1:1"},
     2,
     {"--core", "--cores"}},
    {"UnknownFlagOfSubmit",
     {"submit", "--executor-core", "1", "app"},
     2,
     {"--executor-core", "--executor-cores"}},
    {"PortAboveAll", {"master", "--port", "70000"}, 2, {"--port", "70000"}},
    {"PortThatIsNoNumber", {"master", "--port", "http"}, 2, {"--port", "http"}},
    {"MasterOnAllAddresses",
     {"master", "--host", "0.0.0.0", "--port", "0"},
     8,
     {"--host", "0.0.0.0", "127.0.0.1"}},
    {"MasterOnAnotherAddress", {"master", "--host", "192.0.2.1", "--port", "0"}, 8, {"192.0.2.1"}},
    {"MasterThatIsAdvertisedToNobody",
     {"master", "--advertised-host", "a.example"},
     2,
     {"--advertised-host", "--secret-file"}},
    {"MasterByANameThatIsLoopbackHere",
     {"master", "--host", "127.257"},
     2,
     {"--host", "127.0.1.1", "/etc/hosts"}},
    {"WorkerOnAllAddresses",
     {"worker", "--host", "0.0.0.0", "--advertised-host", "a.example", "millstream://127.0.0.1:1"},
     8,
     {"0.0.0.0", "--secret-file"}},
    {"WorkerByANameThatIsLoopbackHere",
     {"worker", "--host", "127.257", "millstream://127.0.0.1:1"},
     2,
     {"127.0.1.1", "/etc/hosts"}},
    {"MasterUrlByANameThatIsLoopbackHere", {"list", "--master", "millstream://127.257:1"}, 2, {"127.0.1.1"}},
    {"WorkerOfAnotherHost", {"worker", "millstream://192.0.2.1:7077"}, 8, {"192.0.2.1"}},
    {"WorkerOfAMasterWhoseNameHasNoAddress",
     {"worker", "millstream://nosuchhost.invalid:7077"},
     4,
     {"nosuchhost.invalid", "has no address"}},
    {"UnknownLogLevel", {"master", "--log-level", "loud"}, 2, {"--log-level", "loud", "debug"}},
    {"LogDirectoryThatCannotBe",
     {"worker", "--log-dir", "/dev/null/log", "millstream://127.0.0.1:1"},
     2,
     {"/dev/null/log"}},
    {"NoCores", {"worker", "--cores", "0", "millstream://127.0.0.1:1"}, 2, {"--cores", "0"}},
    {"NoMemory", {"worker", "--memory", "1k", "millstream://127.0.0.1:1"}, 2, {"--memory", "1k"}},
    {"NoWaitTimeout",
     {"worker", "--wait-timeout", "0", "millstream://127.0.0.1:1"},
     2,
     {"--wait-timeout", "from 100ms to 1d"}},
    {"WorkerWithoutAMaster", {"worker"}, 2, {"worker", "URL"}},
    {"WorkerOfASparkMaster",
     {"worker", "spark://h:7077"},
     2,
     {"\"spark://h:7077\"", "Write millstream://h:7077"}},
    {"ListOfAUrlWithoutItsFlag",
     {"list", "millstream://h:7077"},
     2,
     {"given by --master. Write millstream list --master millstream://h:7077"}},
    {"ListOfAnything",
     {"list", "app-1"},
     2,
     {"app-1: list takes no argument", "--master millstream://HOST:PORT"}},
    {"LogsWithAUrlWithoutItsFlag", {"logs", "app-1", "millstream://h:7077"}, 2, {"given by --master"}},
    {"MasterUrlWithoutPort", {"worker", "millstream://h"}, 2, {"millstream://h"}},
    {"MasterUrlPortAboveAll", {"worker", "millstream://h:70000"}, 2, {"70000"}},
    {"UnknownScheme", {"submit", "--master", "spark://h:7077", "app"}, 2, {"--master", "spark://h:7077"}},
    {"LocalMasterToList", {"list", "--master", "local[2]"}, 2, {"local[2]"}},
    {"ListOfAnAddressAlone",
     {"list", "--master", "localhost:7177"},
     2,
     {"localhost:7177", "Write millstream://localhost:7177"}},
    {"StatusAtAnAddressAlone",
     {"submit", "--master", "localhost:7177", "--status", "app-1"},
     2,
     {"--master: \"localhost:7177\"", "Write millstream://localhost:7177"}},
    {"KillAtNoMaster",
     {"submit", "--kill", "app-1", "--master", "nowhere"},
     2,
     {"\"nowhere\" is no cluster's master. Write millstream://HOST:PORT"}},
    {"ClusterDeployModeAtNoMaster",
     {"submit", "--master", "nowhere", "--deploy-mode", "cluster", "app"},
     2,
     {"\"nowhere\" is no cluster's master. Write millstream://HOST:PORT"}},
    {"ClientDeployModeAtAnAddressAlone",
     {"submit", "--master", "localhost:7177", "app"},
     2,
     {"--master: \"localhost:7177\"", "Write millstream://localhost:7177"}},
    {"LogsWithoutAMaster", {"logs", "app-1"}, 2, {"--master", "says nowhere"}},
    {"KillWithoutAnId",
     {"submit", "--kill", "--master", "millstream://127.0.0.1:1"},
     2,
     {"--kill", "ID is missing"}},
    {"StatusWithoutAnId", {"submit", "--status", "--master", "x"}, 2, {"--status", "ID is missing"}},
    {"StatusAndKill",
     {"submit", "--status", "app-1", "--kill", "app-2", "--master", "millstream://127.0.0.1:1"},
     2,
     {"--status app-1 and --kill app-2"}},
    {"StatusOfTwo",
     {"submit", "--status", "app-1", "app-2", "--master", "millstream://127.0.0.1:1"},
     2,
     {"app-2", "--status runs no program"}},
    {"AProgramsFlagBeforeIt", {"submit", "--threshold", "5", "app"}, 2, {"--threshold", "after the program"}},
    {"MalformedBatchInterval", {"submit", "--batch-interval", "1", "app"}, 2, {"--batch-interval", "\"1\""}},
    {"UnknownLogLevelOfSubmit", {"submit", "--log-level", "loud", "app"}, 2, {"--log-level", "loud"}},
    {"NoCommand", {}, 2, {"error: usage: millstream COMMAND"}},
    {"MasterOnAnIPv6Address", {"master", "--host", "::1", "--port", "0"}, 2, {"--host", "::1", "IPv6"}},
    {"WorkerFlagsAfterTheUrl", {"worker", "millstream://127.0.0.1:1", "--cores", "0"}, 2, {"--cores", "0"}},
    {"NoMasterToList", {"list"}, 2, {"--master"}},
    {"NoApplication", {"submit", "--master", "millstream://127.0.0.1:1"}, 2, {"application"}},
    {"ClusterDeployModeOnALocalMaster",
     {"submit", "--deploy-mode", "cluster", "--master", "local[2]", MILLSTREAM_BIN_DIR "/network_word_count"},
     2,
     {"--master", "local[2]"}},
    {"ClusterDeployModeWithAMistakeAfterTheApplication",
     {"submit", "--deploy-mode", "cluster", MILLSTREAM_BIN_DIR "/network_word_count", "--mastre", "x"},
     2,
     {"--mastre", "--master"}},
    {"UnknownDeployMode", {"submit", "--deploy-mode", "clinet", "app"}, 2, {"clinet", "client"}},
    {"NegativeExecutors", {"submit", "--num-executors", "-1", "app"}, 2, {"--num-executors", "-1"}},
    {"MalformedMemory", {"submit", "--executor-memory", "1x", "app"}, 2, {"--executor-memory", "1x"}},
    {"SuperviseInClientMode", {"submit", "--supervise", "app"}, 2, {"--supervise", "--deploy-mode cluster"}},
    {"DetachInClientMode", {"submit", "--detach", "app"}, 2, {"--detach", "--deploy-mode cluster"}},
    {"NoDriverCores", {"submit", "--driver-cores", "0", "app"}, 2, {"--driver-cores", "0"}},
    {"MalformedDriverMemory", {"submit", "--driver-memory", "1x", "app"}, 2, {"--driver-memory", "1x"}},
    {"UnknownFlagNearSupervise", {"submit", "--supervised", "app"}, 2, {"--supervised", "--supervise"}},
    {"VariableThatIsNone",
     {"submit", "-v", "-c", "millstream.executorEnv.A-B=1", "app"},
     2,
     {"millstream.executorEnv.A-B"}},
    {"LogsOfNothing", {"logs", "--master", "millstream://127.0.0.1:1"}, 2, {"logs", "id"}},
    {"LogsOfNoExecutor", {"logs", "app", "--executor", "x"}, 2, {"--executor", "x"}},
    {"MissingValue", {"submit", "--name"}, 2, {"--name"}},
    {"MissingFile", {"submit", "/nowhere/app"}, 2, {"/nowhere/app"}},
    {"Directory", {"submit", "/"}, 2, {"/", "not a file"}},
    {"TextFile", {"submit", MILLSTREAM_SOURCE_DIR "/README.md"}, 2, {"README.md", "not an executable"}},
    {"OtherProgram", {"submit", "/bin/true"}, 2, {"/bin/true", "Millstream"}},
};

INSTANTIATE_TEST_SUITE_P(All, ClusterBadInputTest, ::testing::ValuesIn(kInputs),
                         [](const auto& input) { return std::string(input.param.name); });

TEST_P(ClusterBadInputTest, IsRefusedInOneLineThatNamesIt) {
  ExpectRefused(Command(GetParam().arguments), GetParam().code, GetParam().says);
}

// A directory for what a test writes.
class FilesTest : public ::testing::Test {
 protected:
  FilesTest() {
    std::string path = std::filesystem::temp_directory_path() / "millstream-files-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path;
  }
  ~FilesTest() override { std::filesystem::remove_all(directory_); }

  std::string Write(const std::string& name, const std::string& content) {
    const std::filesystem::path path = directory_ / name;
    std::ofstream(path, std::ios::binary) << content;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }

  static std::string Program() {
    std::ifstream file(Example("network_word_count"), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path directory_;
};

TEST_F(FilesTest, ApplicationsThatAreDamagedAreRefused) {
  const std::string program = Program();
  std::string other = program;
  other[18] = static_cast<char>(other[18] ^ 0x55);  // e_machine
  for (const char* mode : {"client", "cluster"}) {
    const auto refused = [&](const std::string& file, const std::vector<std::string>& says) {
      ExpectRefused(Command({"submit", "--deploy-mode", mode, "--master", NobodysUrl(), file}), 2, says);
    };
    refused(Write("empty", ""), {"empty"});
    for (const size_t bytes : {size_t{3}, size_t{40}, size_t{100}, program.size() / 2, program.size() - 1}) {
      refused(Write("cut", program.substr(0, bytes)), {"cut"});
    }
    refused(Write("other", other), {"other", "machine"});
  }
}

TEST_F(FilesTest, APropertiesFileThatIsWrongIsRefused) {
  for (const char* mode : {"client", "cluster"}) {
    const auto refused = [&](const std::string& file, const std::vector<std::string>& says) {
      ExpectRefused(Command({"submit", "--deploy-mode", mode, "--master", NobodysUrl(), "--properties-file",
                             file, Example("network_word_count")}),
                    2, says);
    };
    refused(Write("twice", "millstream.cores.max 1\nmillstream.cores.max 2\n"), {"millstream.cores.max"});
    refused(Write("unknown", "millstream.cores.mx 1\n"), {"millstream.cores.mx", "millstream.cores.max"});
    refused("/nowhere/file", {"/nowhere/file"});
  }
}

TEST_F(FilesTest, ThePropertiesFileOfTheEnvironmentNamesTheMasterThatIsAsked) {
  const std::string file =
      Write("asked", "millstream.master millstream://127.0.0.1:1\nmillstream.cluster.waitTimeout 200ms\n");
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"list"}, {"logs", "app-1"}, {"submit", "--status", "app-1"}, {"submit", "--kill", "app-1"}}) {
    std::vector<std::string> command = Command(arguments);
    command.insert(command.begin(), {"/usr/bin/env", "MILLSTREAM_PROPERTIES_FILE=" + file});
    ExpectRefused(command, 4, {"127.0.0.1:1"});
  }
}

TEST_F(FilesTest, FilesThatCannotTravelAreRefused) {
  const std::string file = Write("a.txt", "x");
  std::filesystem::create_directory(directory_ / "other");
  const std::string namesake = Write("other/a.txt", "y");
  const std::string program = Example("network_word_count");
  for (const char* mode : {"client", "cluster"}) {
    for (const auto& [files, says] :
         std::vector<std::pair<std::string, std::string>>{{file + "," + namesake, namesake},
                                                          {"/nowhere/b.txt", "/nowhere/b.txt"},
                                                          {directory_, "is not a file"}}) {
      ExpectRefused(Command({"submit", "--master", NobodysUrl(), "--deploy-mode", mode, "--files", files,
                             program, "localhost", "9999"}),
                    2, {says});
    }
  }
}

// Every command that asks the master, and a program, is to give it up within its wait timeout.
void ExpectNoMaster(const std::string& url) {
  const TemporaryFolder folder;
  const std::vector<std::string> ask{"--wait-timeout", "200ms", "--master", url};
  const std::vector<std::string> run{Example("network_word_count"), "localhost", "9999"};
  std::vector<std::vector<std::string>> commands{
      Command({"worker", "--wait-timeout", "200ms", "--work-dir", folder.File("worker"), url}),
      {run[0], "--master", url, "--conf", "millstream.cluster.waitTimeout=200ms", run[1], run[2]}};
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"list"}, {"logs", "app-1"}, {"submit", "--status", "app-1"}, {"submit", "--kill", "app-1"}}) {
    commands.push_back(Command(command));
    commands.back().insert(commands.back().end(), ask.begin(), ask.end());
  }
  for (const char* mode : {"client", "cluster"}) {
    commands.push_back(Command({"submit", "--deploy-mode", mode}));
    commands.back().insert(commands.back().end(), ask.begin(), ask.end());
    commands.back().insert(commands.back().end(), run.begin(), run.end());
  }
  for (const std::vector<std::string>& command : commands) {
    SCOPED_TRACE(command[1] + " " + command[2]);
    ExpectRefused(command, 4, {url.substr(url.rfind('/') + 1)});
  }
}

TEST(ClusterRefusalTest, AMasterThatIsNotThereIsExit4WithinTheWaitTimeout) { ExpectNoMaster(NobodysUrl()); }

TEST(ClusterRefusalTest, AMasterThatAcceptsAndIsSilentIsExit4WithinTheWaitTimeout) {
  const TextServer silent;
  ExpectNoMaster("millstream://127.0.0.1:" + std::to_string(silent.port()));
}

TEST(ClusterRefusalTest, WhatListensAndIsNoMasterIsExit4AndIsNamed) {
  const TemporaryFolder folder;
  ASSERT_TRUE(security::ClusterSecret::MakeFile(folder.File("secret")).ok());
  const TextServer silent;
  const std::string address = "127.0.0.1:" + std::to_string(silent.port());
  const std::vector<std::string> list{"list", "--master", "millstream://" + address, "--wait-timeout"};
  for (const char* timeout : {"100ms", "300ms", "3s"}) {
    std::vector<std::string> arguments = list;
    arguments.push_back(timeout);
    ExpectRefused(Command(arguments), 4, {"master " + address + ": "});
    arguments.insert(arguments.end(), {"--secret-file", folder.File("secret")});
    ExpectRefused(Command(arguments), 4, {"master " + address + ": it does not answer"});
  }
}

TEST(ClusterRefusalTest, APortInUseAndADirectoryInUseAreExit2) {
  Cluster cluster(MILLSTREAM_BIN_DIR);
  cluster.AddWorker(1);
  const std::string port = cluster.url().substr(cluster.url().rfind(':') + 1);
  const std::string master = cluster.WorkDirectoryOf(0) + "/../master";
  ExpectRefused(Command({"master", "--port", port, "--work-dir", master + "2"}), 2,
                {"127.0.0.1:" + port + ": another process listens there. Give another --port, or 0"});
  ExpectRefused(Command({"master", "--port", "0", "--work-dir", master}), 2,
                {"--work-dir", "another daemon"});
  ExpectRefused(Command({"worker", "--work-dir", cluster.WorkDirectoryOf(0), cluster.url()}), 2,
                {"another daemon"});
}

TEST(ClusterRefusalTest, MoreThanAnyWorkerHasIsExit3AfterTheWaitTimeout) {
  Cluster cluster(MILLSTREAM_BIN_DIR);
  cluster.AddWorker(2);
  ExpectRefused(
      {Example("network_word_count"), "--master", cluster.url(), "--conf", "millstream.executor.cores=3",
       "--conf", "millstream.cluster.waitTimeout=300ms", "localhost", "9999"},
      3,
      {"no executor of 3 cores and 1g was granted in 300 ms", "the largest of 1 worker has 2 cores and 4g"});
  const std::vector<std::string> run{Example("network_word_count"), "localhost", "9999"};
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{{"--executor-cores", "3"}, {"--executor-memory", "64t"}}) {
    std::vector<std::string> line{"submit", "--master", cluster.url(), "--wait-timeout", "300ms"};
    line.insert(line.end(), flags.begin(), flags.end());
    line.insert(line.end(), run.begin(), run.end());
    ExpectRefused(Command(line), 3, {"granted", "millstream.executor.cores, millstream.executor.memory"});
    line.insert(line.begin() + 1, {"--deploy-mode", "cluster"});
    ExpectRefused(Command(line), 3, {"exit code 3"});
  }
  ExpectRefused({run[0], "--master", cluster.url(), "--conf", "millstream.executor.cores=2", "--conf",
                 "millstream.cores.max=1", "--conf", "millstream.cluster.waitTimeout=300ms", run[1], run[2]},
                3, {"it may have 1 core in all (millstream.cores.max)"});
  // One core for a receiver that needs one, and a task.
  ExpectRefused({Example("network_word_count"), "--master", cluster.url(), "--conf", "millstream.cores.max=1",
                 "localhost", "9999"},
                5, {"2"});
}

TEST(ClusterRefusalTest, WhatOthersUseIsExit3AndToldApartFromWhatIsNotThere) {
  Cluster cluster(MILLSTREAM_BIN_DIR);
  cluster.AddWorker(3);
  TextServer server;
  const std::vector<std::string> run{Example("network_word_count"), "--master", cluster.url(), "--conf",
                                     "millstream.cluster.waitTimeout=300ms"};
  const auto line = [&](const std::string& cores) {
    std::vector<std::string> arguments = run;
    arguments.insert(arguments.end(), {"--conf", "millstream.executor.cores=" + cores, "127.0.0.1",
                                       std::to_string(server.port())});
    return arguments;
  };
  std::vector<std::string> holds = run;
  holds.insert(holds.end(), {"--conf", "millstream.cores.max=2", "127.0.0.1", std::to_string(server.port())});
  Process other(holds);
  ASSERT_TRUE(server.AwaitClients(1)) << other.err();
  ExpectRefused(line("2"), 3,
                {"no executor of 2 cores and 1g was granted in 300 ms: others use what it needs; no worker "
                 "has more than 1 core and 3g free now. "});
  ExpectRefused(
      line("4"), 3,
      {"no executor of 4 cores and 1g was granted in 300 ms: the largest of 1 worker has 3 cores and 4g. "});
  ExpectGracefulEnd(other);
}

TEST(ClusterRefusalTest, AnUnknownApplicationIsExit7) {
  Cluster cluster(MILLSTREAM_BIN_DIR);
  for (const char* what : {"--status", "--kill"}) {
    ExpectRefused(Command({"submit", what, "app-1", "--master", cluster.url()}), 7, {"app-1"});
  }
  ExpectRefused(Command({"logs", "app-1", "--master", cluster.url()}), 7, {"app-1"});
  ExpectRefused(Command({"logs", "app-1", "--executor", "7", "--master", cluster.url()}), 7,
                {"executor 7 of app-1"});
  cluster.AddWorker(1);
  for (const char* id : {"app-1", "..", "../master", "programs", "/etc"}) {
    ExpectRefused(Command({"logs", id, "--master", cluster.url()}), 7, {id});
  }
}

}  // namespace
}  // namespace millstream::test
