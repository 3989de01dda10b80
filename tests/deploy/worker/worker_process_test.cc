// A worker, and a master that the test plays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/rpc/cluster_server.h"
#include "common/security/local_secret.h"
#include "common/security/sha256.h"
#include "deploy/worker/worker.h"
#include "tests/support/proc.h"
#include "tests/support/process.h"

namespace millstream::deploy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr const char* kDriver = "driver-20260102030405-0007";

class WorkerTest : public testing::Test {
 protected:
  WorkerTest() {
    std::string path = std::filesystem::temp_directory_path() / "millstream-worker-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path;
    std::ifstream file("/bin/sleep", std::ios::binary);
    program_ = {std::istreambuf_iterator<char>(file), {}};
    server_->SetListener({.on_message = [this](ConnectionId from, const security::Identity&,
                                               const proto::ToMaster& message) { OnMessage(from, message); },
                          .on_closed = [](ConnectionId) {}});
    worker_ =
        std::make_unique<Worker>(WorkerOptions{.own = {{security::Role::kWorker, ""}, secret_, std::nullopt},
                                               .masters = {server_->address()},
                                               .host = "h",
                                               .cores = 1,
                                               .memory_bytes = 1,
                                               .directory = directory_},
                                 *FileStore::Open(directory_ + "/programs"));
    EXPECT_TRUE(Await([this] { return worker_connection_.has_value(); }));
  }
  ~WorkerTest() override {
    worker_.reset();
    std::filesystem::remove_all(directory_);
  }

  void OnMessage(ConnectionId from, const proto::ToMaster& message) {
    proto::FromMaster answer;
    if (message.has_worker()) {
      hello_ = message.worker();
      worker_connection_ = from;
      answer.mutable_accepted()->set_heartbeat_ms(10'000);
    } else if (message.has_file_request()) {
      ++file_requests_;
      if (!gives_files_) return;
      answer.mutable_file_data()->set_sha256(message.file_request().sha256());
      answer.mutable_file_data()->set_offset(message.file_request().offset());
      answer.mutable_file_data()->set_data(program_.substr(message.file_request().offset(), 10'000));
    } else if (message.has_ended()) {
      ended_.emplace_back(message.ended().executor(), message.ended().exit_code());
      how_ = message.ended().how();
      return;
    } else {
      return;
    }
    server_->Send(from, answer);
  }

  // Plays the master meanwhile. False if it never comes.
  bool Await(const std::function<bool()>& done) {
    return test::AwaitThat([&] {
      server_->Wait(std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
      EXPECT_LE(Processes().size(), 1u);
      return done();
    });
  }
  static std::vector<pid_t> Processes() { return test::ChildrenOf(getpid()); }
  // Waits until that process, of the driver's launch, is the only one.
  bool AwaitLaunch(uint32_t epoch) {
    return Await([&] {
      const std::vector<pid_t> processes = Processes();
      std::error_code gone;
      return processes.size() == 1 &&
             std::filesystem::read_symlink("/proc/" + std::to_string(processes[0]) + "/cwd", gone)
                     .filename() == std::to_string(epoch);
    });
  }

  void Launch(uint32_t epoch, const std::string& driver = kDriver) {
    proto::FromMaster message;
    proto::LaunchDriver& launch = *message.mutable_launch_driver();
    launch.set_id(driver);
    launch.set_epoch(epoch);
    security::Sha256 hash;
    hash.Add(program_);
    proto::ProgramFile& executable = *launch.mutable_request()->mutable_program()->mutable_executable();
    executable.set_sha256(hash.Finish());
    executable.set_bytes(program_.size());
    for (const char* argument : {"sleep", "1000"}) launch.mutable_request()->add_command_line(argument);
    server_->Send(*worker_connection_, message);
  }
  void Kill(uint32_t epoch, const std::string& driver) {
    proto::FromMaster message;
    message.mutable_kill()->set_application(driver);
    message.mutable_kill()->set_executor(epoch);
    server_->Send(*worker_connection_, message);
  }

  std::string directory_;
  std::string program_;
  const security::Secret secret_ = security::Secret::Random();
  std::unique_ptr<rpc::ClusterServer> server_ =
      *rpc::ClusterServer::Listen({{security::Role::kMaster, ""}, secret_, std::nullopt}, {});
  std::unique_ptr<security::LocalSecretServer> secrets_ =
      *security::LocalSecretServer::Start(server_->address(), secret_);
  std::optional<ConnectionId> worker_connection_;
  proto::WorkerHello hello_;
  std::vector<std::pair<uint32_t, uint32_t>> ended_;  // epochs and exit codes
  std::string how_;                                   // the latest did
  bool gives_files_ = true;
  int file_requests_ = 0;
  std::unique_ptr<Worker> worker_;
};

TEST_F(WorkerTest, OfOneDriverTheLatestLaunchAloneRuns) {
  Launch(1);
  ASSERT_TRUE(AwaitLaunch(1));
  Launch(2);
  ASSERT_TRUE(AwaitLaunch(2));
  ASSERT_TRUE(Await([this] { return !ended_.empty(); }));
  // What comes again or late starts nothing.
  Launch(2);
  Launch(1);
  Launch(3);
  ASSERT_TRUE(AwaitLaunch(3));
  ASSERT_TRUE(Await([this] { return ended_.size() > 1; }));
  EXPECT_THAT(ended_, ElementsAre(Pair(1, 137), Pair(2, 137)));
}

TEST_F(WorkerTest, AMasterThatWasAwayIsToldHowDriversEnded) {
  Launch(1);
  ASSERT_TRUE(AwaitLaunch(1));
  EXPECT_THAT(hello_.ended_drivers(), IsEmpty());
  kill(Processes().front(), SIGTERM);
  ASSERT_TRUE(Await([this] { return !ended_.empty(); }));
  server_->Close(*std::exchange(worker_connection_, std::nullopt), absl::UnavailableError("gone"));
  ASSERT_TRUE(Await([this] { return worker_connection_.has_value(); }));
  ASSERT_EQ(hello_.ended_drivers_size(), 1);
  EXPECT_EQ(hello_.ended_drivers(0).application(), kDriver);
  EXPECT_EQ(hello_.ended_drivers(0).executor(), 1);
  EXPECT_EQ(hello_.ended_drivers(0).exit_code(), 128 + SIGTERM);
  EXPECT_TRUE(hello_.drivers().empty());
}

TEST_F(WorkerTest, AKillOfWhatNeverCameIsAnswered) {
  Kill(3, "app-20260102030405-0008");
  ASSERT_TRUE(Await([this] { return !ended_.empty(); }));
  EXPECT_THAT(ended_, ElementsAre(Pair(3, 0)));
  EXPECT_EQ(how_, "never started here");
}

TEST_F(WorkerTest, AFetchHoldsUpNoOtherProgramAndEndsWithAKill) {
  const std::string other = "driver-20260102030405-0008";
  Launch(1);
  ASSERT_TRUE(AwaitLaunch(1));
  gives_files_ = false;
  const int given = file_requests_;
  program_ += "x";
  Launch(7, other);
  ASSERT_TRUE(Await([&] { return file_requests_ > given; }));
  program_.pop_back();
  Launch(2);
  ASSERT_TRUE(AwaitLaunch(2));
  ASSERT_TRUE(Await([this] { return !ended_.empty(); }));
  ended_.clear();
  Kill(7, other);
  ASSERT_TRUE(Await([this] { return !ended_.empty(); }));
  EXPECT_THAT(ended_, ElementsAre(Pair(7, 0)));
  EXPECT_EQ(how_, "was not wanted any more");
}

TEST_F(WorkerTest, AMasterThatRestartsWhileAProgramIsFetchedIsAskedAgain) {
  gives_files_ = false;
  Launch(1);
  ASSERT_TRUE(Await([this] { return file_requests_ == 1; }));
  gives_files_ = true;
  server_->Close(*std::exchange(worker_connection_, std::nullopt), absl::UnavailableError("gone"));
  EXPECT_TRUE(AwaitLaunch(1));
  EXPECT_THAT(ended_, IsEmpty());
}

TEST_F(WorkerTest, WhoLooksForAMasterStopsAtOnce) {
  Worker lost({.own = {{security::Role::kWorker, ""}, secret_, std::nullopt},
               .masters = {"127.0.0.1:1"},
               .host = "h",
               .directory = directory_ + "/lost"},
              *FileStore::Open(directory_ + "/programs"));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(absl::IsCancelled(lost.AwaitMaster(std::chrono::hours(1), stop.get_token())));
}

}  // namespace
}  // namespace millstream::deploy
