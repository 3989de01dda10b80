// Drivers in cluster mode.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "deploy/master/master.h"
#include "tests/deploy/master/master_fixture.h"

namespace millstream::deploy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using State = proto::DriverRecord;

class MasterDriversTest : public MasterTest {
 protected:
  // Its id.
  std::string SubmitDriver(bool supervise, const std::string& submission = "1", uint32_t cores = 1) {
    proto::ToMaster message;
    proto::SubmitDriver& submit = *message.mutable_submit_driver();
    submit.set_submission(submission);
    submit.mutable_request()->set_supervise(supervise);
    submit.mutable_request()->set_cores(cores);
    submit.mutable_request()->set_memory_bytes(kGiB);
    submit.mutable_request()->add_command_line("program");
    submit.mutable_request()->mutable_program()->mutable_executable()->set_sha256("hash");
    const ConnectionId connection{next_connection_++};
    Handle(connection, std::move(message));
    return IdOf(connection);
  }

  // The epochs that a worker was told to launch.
  std::vector<uint32_t> LaunchedOn(ConnectionId worker) {
    std::vector<uint32_t> epochs;
    for (const proto::FromMaster& message : sent_[worker]) {
      if (message.has_launch_driver()) epochs.push_back(message.launch_driver().epoch());
    }
    return epochs;
  }

  static proto::ExecutorEnded Ended(const std::string& id, uint32_t epoch,
                                    std::optional<uint32_t> exit_code) {
    proto::ExecutorEnded ended;
    ended.set_application(id);
    ended.set_executor(epoch);
    ended.set_how("ended");
    if (exit_code) ended.set_exit_code(*exit_code);
    return ended;
  }
  void SayDriverEnded(ConnectionId worker, const std::string& id, uint32_t epoch,
                      std::optional<uint32_t> exit_code) {
    proto::ToMaster message;
    *message.mutable_ended() = Ended(id, epoch, exit_code);
    Handle(worker, std::move(message));
  }

  // Of one core, with what it runs and has run.
  ConnectionId ReturnWorker(const std::string& id,
                            const std::vector<std::pair<std::string, uint32_t>>& running,
                            const std::vector<proto::ExecutorEnded>& ended = {}) {
    const ConnectionId connection{next_connection_++};
    proto::ToMaster message;
    message.mutable_worker()->set_id(id);
    message.mutable_worker()->set_cores(1);
    message.mutable_worker()->set_memory_bytes(16 * kGiB);
    for (const auto& [driver, epoch] : running) {
      proto::RunningExecutor& one = *message.mutable_worker()->add_drivers();
      one.set_application(driver);
      one.set_executor(epoch);
    }
    for (const proto::ExecutorEnded& one : ended) *message.mutable_worker()->add_ended_drivers() = one;
    Handle(connection, std::move(message));
    return connection;
  }

  // The application that a launch of a driver starts.
  ConnectionId AddApplicationOf(const std::string& driver, uint32_t epoch) {
    proto::ToMaster message;
    proto::ApplicationHello& hello = *message.mutable_application();
    hello.set_driver(driver);
    hello.set_driver_epoch(epoch);
    hello.mutable_request()->set_executors(1);
    hello.mutable_request()->set_executor_cores(1);
    hello.mutable_request()->set_executor_memory_bytes(kGiB);
    const ConnectionId connection{next_connection_++};
    beating_.insert(connection);
    Handle(connection, std::move(message));
    return connection;
  }

  void Kill(const std::string& id) {
    proto::ToMaster message;
    message.mutable_kill()->set_id(id);
    Handle(ConnectionId{next_connection_++}, std::move(message));
  }

  proto::DriverRecord RecordOf(const std::string& id) {
    const proto::ClusterList list = List();
    for (const proto::DriverRecord& record : list.drivers()) {
      if (record.id() == id) return record;
    }
    ADD_FAILURE() << id << " is not listed";
    return {};
  }

  bool WasRefused(ConnectionId application) {
    return std::ranges::any_of(sent_[application],
                               [](const proto::FromMaster& message) { return message.has_killed(); });
  }
};

TEST_F(MasterDriversTest, ADriverWaitsForAWorkerWithRoomAndTakesItsCores) {
  const std::string id = SubmitDriver(false, "1", 2);
  const ConnectionId small = AddWorker("small", 1);
  EXPECT_EQ(RecordOf(id).state(), State::SUBMITTED);
  const ConnectionId large = AddWorker("large", 3);
  EXPECT_THAT(LaunchedOn(small), IsEmpty());
  EXPECT_THAT(LaunchedOn(large), ElementsAre(1));
  EXPECT_EQ(RecordOf(id).state(), State::RUNNING);
  EXPECT_EQ(GrantedTo(AddApplication(5)), "0@large 1@small");
}

TEST_F(MasterDriversTest, WhatItsOwnDriverUsesIsNotWhatOthersUse) {
  AddWorker("w1", 1);
  const proto::NothingGranted told = sent_[AddApplicationOf(SubmitDriver(false), 1)].back().nothing_granted();
  EXPECT_FALSE(told.fits());
  EXPECT_EQ(told.cores(), 0u);
}

TEST_F(MasterDriversTest, ADriverThatEndsIsFinishedOrFailedWithItsExitCode) {
  const ConnectionId worker = AddWorker("w1", 2);
  const std::string good = SubmitDriver(false, "1");
  const std::string bad = SubmitDriver(false, "2");
  SayDriverEnded(worker, good, 1, 0);
  SayDriverEnded(worker, bad, 1, 139);
  EXPECT_EQ(RecordOf(good).state(), State::FINISHED);
  EXPECT_EQ(RecordOf(bad).state(), State::FAILED);
  EXPECT_EQ(RecordOf(bad).exit_code(), 139);
  Pass(1);
  EXPECT_THAT(LaunchedOn(worker), ElementsAre(1, 1));
}

TEST_F(MasterDriversTest, ASupervisedDriverRunsAgainAfterPausesThatGrowUntilItEndsWell) {
  const ConnectionId worker = AddWorker("w1", 1);
  const std::string id = SubmitDriver(true);
  int64_t pause = 1'000;
  for (uint32_t epoch = 1; epoch <= 8; ++epoch) {
    SayDriverEnded(worker, id, epoch, 1);
    EXPECT_EQ(RecordOf(id).state(), State::RELAUNCHING);
    EXPECT_THAT(log_.back(), HasSubstr(id + " is RELAUNCHING in " + std::to_string(pause) + " ms: it "));
    EXPECT_EQ(master_->NextDeadlineMs().value() <= now_ms_ + pause, true);
    for (int64_t left = pause - 1; left > 0; left -= 5'000) {
      Beat(worker);
      Pass(std::min<int64_t>(left, 5'000));
    }
    EXPECT_EQ(LaunchedOn(worker).size(), epoch);
    Pass(1);
    EXPECT_EQ(LaunchedOn(worker).size(), epoch + 1);
    pause = std::min<int64_t>(2 * pause, 60'000);
  }
  Beat(worker);
  Pass(6'000);  // it ran for long
  SayDriverEnded(worker, id, 9, std::nullopt);
  Beat(worker);
  Pass(1'000);
  EXPECT_EQ(LaunchedOn(worker).size(), 10);
  SayDriverEnded(worker, id, 10, 0);
  EXPECT_EQ(RecordOf(id).state(), State::FINISHED);
  Beat(worker);
  Pass(1'000);
  EXPECT_EQ(LaunchedOn(worker).size(), 10);
}

TEST_F(MasterDriversTest, ADriverThatIsKilledNeverRunsAgain) {
  const ConnectionId worker = AddWorker("w1", 3);
  const std::string running = SubmitDriver(true, "1");
  const std::string pausing = SubmitDriver(true, "2");
  const std::string by_application = SubmitDriver(true, "3");
  SayDriverEnded(worker, pausing, 1, 1);
  const std::string application = IdOf(AddApplicationOf(by_application, 1));
  Kill(running);
  Kill(pausing);
  Kill(application);
  EXPECT_EQ(RecordOf(pausing).state(), State::KILLED);
  SayDriverEnded(worker, running, 1, 137);
  SayDriverEnded(worker, by_application, 1, 1);
  EXPECT_EQ(RecordOf(running).state(), State::KILLED);
  EXPECT_EQ(RecordOf(running).exit_code(), 137);
  EXPECT_EQ(RecordOf(by_application).state(), State::KILLED);
  Pass(5'000);
  EXPECT_THAT(LaunchedOn(worker), ElementsAre(1, 1, 1));
}

TEST_F(MasterDriversTest, ADriverMovesFromALostWorkerAndWhatComesBackIsRefused) {
  AddWorker("w1", 1);
  const std::string id = SubmitDriver(true);
  const ConnectionId other = AddWorker("w2", 2);
  const ConnectionId application = AddApplicationOf(id, 1);
  EXPECT_EQ(GrantedTo(application), "0@w2");
  Pass(kTimeoutMs / 2);
  Beat(other);
  Pass(kTimeoutMs / 2);
  EXPECT_THAT(RecordOf(id).how(), HasSubstr("w1"));
  EXPECT_TRUE(WasRefused(application));
  EXPECT_THAT(KilledOn(other), ElementsAre(0));
  Pass(1'000);
  EXPECT_THAT(LaunchedOn(other), ElementsAre(2));
  const ConnectionId back = ReturnWorker("w1", {{id, 1}});
  EXPECT_THAT(KilledOn(back), ElementsAre(1));
  EXPECT_TRUE(WasRefused(AddApplicationOf(id, 1)));
  SayDriverEnded(back, id, 1, 0);
  EXPECT_EQ(RecordOf(id).state(), State::RUNNING);
  EXPECT_FALSE(WasRefused(AddApplicationOf(id, 2)));
}

TEST_F(MasterDriversTest, AnUnsupervisedDriverOfALostWorkerHasFailed) {
  AddWorker("w1", 1);
  const std::string id = SubmitDriver(false);
  Pass(kTimeoutMs);
  EXPECT_EQ(RecordOf(id).state(), State::FAILED);
  EXPECT_FALSE(RecordOf(id).has_exit_code());
}

TEST_F(MasterDriversTest, AfterARestartARunningDriverGoesOn) {
  AddWorker("w1", 1);
  const std::string id = SubmitDriver(true);
  Restart();
  const ConnectionId worker = ReturnWorker("w1", {{id, 1}});
  EXPECT_THAT(LaunchedOn(worker), IsEmpty());
  EXPECT_THAT(KilledOn(worker), IsEmpty());
  SayDriverEnded(worker, id, 1, 3);
  EXPECT_EQ(RecordOf(id).state(), State::RELAUNCHING);
  Restart();
  EXPECT_THAT(LaunchedOn(ReturnWorker("w1", {})), ElementsAre(2));
}

TEST_F(MasterDriversTest, AfterARestartALaunchThatItsWorkerNeverHeardOfIsSentAgain) {
  AddWorker("w1", 1);
  const std::string id = SubmitDriver(false);
  Restart();
  EXPECT_THAT(LaunchedOn(ReturnWorker("w1", {})), ElementsAre(1));
  EXPECT_EQ(RecordOf(id).state(), State::RUNNING);
}

TEST_F(MasterDriversTest, AfterARestartADriverThatEndedMeanwhileIsNotDoubled) {
  AddWorker("w1", 1);
  const std::string id = SubmitDriver(true);
  Restart();
  const ConnectionId worker = ReturnWorker("w1", {}, {Ended(id, 1, 0)});
  EXPECT_EQ(RecordOf(id).state(), State::FINISHED);
  EXPECT_THAT(LaunchedOn(worker), IsEmpty());
}

TEST_F(MasterDriversTest, AfterARestartADriverWhoseWorkerStaysAwayMoves) {
  AddWorker("w1", 1);
  const std::string id = SubmitDriver(true);
  Restart();
  const ConnectionId other = AddWorker("w2", 1);
  Pass(kTimeoutMs / 2);
  Beat(other);
  Pass(kTimeoutMs / 2);
  Beat(other);
  EXPECT_THAT(LaunchedOn(other), IsEmpty());
  Pass(1'000);
  EXPECT_THAT(LaunchedOn(other), ElementsAre(2));
  EXPECT_EQ(RecordOf(id).worker(), "w2");
}

TEST_F(MasterDriversTest, AKillSurvivesARestart) {
  AddWorker("w1", 1);
  const std::string id = SubmitDriver(true);
  Kill(id);
  Restart();
  const ConnectionId worker = ReturnWorker("w1", {{id, 1}});
  EXPECT_THAT(KilledOn(worker), ElementsAre(1));
  SayDriverEnded(worker, id, 1, 137);
  EXPECT_EQ(RecordOf(id).state(), State::KILLED);
}

TEST_F(MasterDriversTest, ASubmissionThatIsSentAgainIsTheSameDriver) {
  const std::string id = SubmitDriver(true, "one");
  EXPECT_EQ(SubmitDriver(true, "one"), id);
  Restart();
  EXPECT_EQ(SubmitDriver(true, "one"), id);
  EXPECT_NE(SubmitDriver(true, "two"), id);
}

TEST_F(MasterDriversTest, WhoAwaitsADriverHearsOfEachChange) {
  const std::string id = SubmitDriver(false);
  const ConnectionId client{next_connection_++};
  proto::ToMaster message;
  message.mutable_await_driver()->set_id(id);
  Handle(client, std::move(message));
  SayDriverEnded(AddWorker("w1", 1), id, 1, 7);
  std::vector<State::State> states;
  for (const proto::FromMaster& answer : sent_[client]) states.push_back(answer.driver().record().state());
  EXPECT_THAT(states, ElementsAre(State::SUBMITTED, State::RUNNING, State::FAILED));
  EXPECT_EQ(sent_[client].back().driver().record().exit_code(), 7);
}

TEST_F(MasterDriversTest, ADriverThatHangsIsEndedWithItsExecutorsAndReplaced) {
  const ConnectionId worker = AddWorker("w1", 2);
  const std::string id = SubmitDriver(true);
  const ConnectionId application = AddApplicationOf(id, 1);
  const std::string application_id = IdOf(application);
  beating_ = {worker};
  Pass(kTimeoutMs);
  EXPECT_THAT(KilledOn(worker), ElementsAre(0, 1));  // the executor, and the driver's first launch
  EXPECT_EQ(StateOf(application_id), proto::ApplicationRecord::LOST);
  SayDriverEnded(worker, id, 1, 137);
  Beat(worker);
  Pass(1'000);
  EXPECT_THAT(LaunchedOn(worker), ElementsAre(1, 2));
}

TEST_F(MasterDriversTest, ASilentDriverInClientModeLosesItsExecutorsAndIsRefused) {
  const ConnectionId worker = AddWorker("w1", 1);
  const ConnectionId application = AddApplication(1);
  const std::string id = IdOf(application);
  beating_ = {worker};
  Pass(kTimeoutMs);
  EXPECT_EQ(StateOf(id), proto::ApplicationRecord::LOST);
  EXPECT_TRUE(WasRefused(application));
  EXPECT_THAT(closed_, ElementsAre(application));
  EXPECT_THAT(KilledOn(worker), ElementsAre(0));
  EXPECT_TRUE(WasRefused(ReturnApplication(id, {0})));
}

TEST_F(MasterDriversTest, AnApplicationThatEndsBadlyIsListedAsFailed) {
  const ConnectionId application = AddApplication(1);
  const std::string id = IdOf(application);
  SayApplicationEnded(application, 2);
  EXPECT_EQ(StateOf(id), proto::ApplicationRecord::FAILED);
}

TEST_F(MasterDriversTest, AnApplicationWhoseProcessExitsBadlyAfterItEndedIsListedAsFailed) {
  const ConnectionId application = AddApplication(1);
  proto::ToMaster message;
  message.mutable_application_exit()->set_id(IdOf(application));
  message.mutable_application_exit()->set_exit_code(3);
  Handle(ConnectionId{next_connection_++}, message);
  EXPECT_EQ(StateOf(IdOf(application)), proto::ApplicationRecord::WAITING);
  SayApplicationEnded(application);
  Handle(ConnectionId{next_connection_++}, message);
  EXPECT_EQ(StateOf(IdOf(application)), proto::ApplicationRecord::FAILED);
}

TEST_F(MasterDriversTest, AnApplicationIsFailedIfItsDriverIsEvenIfItSaidOtherwise) {
  const ConnectionId worker = AddWorker("w1", 2);
  const std::string id = SubmitDriver(false);
  const ConnectionId application = AddApplicationOf(id, 1);
  const std::string application_id = IdOf(application);
  SayApplicationEnded(application);
  EXPECT_EQ(StateOf(application_id), proto::ApplicationRecord::FINISHED);
  SayDriverEnded(worker, id, 1, 3);
  EXPECT_EQ(StateOf(application_id), proto::ApplicationRecord::FAILED);
}

TEST_F(MasterDriversTest, WithCertificatesALaunchIsWhoItsCertificateNamesAlone) {
  const ConnectionId worker = AddWorker("w1", 2);
  const std::string id = SubmitDriver(false);
  const auto hello = [&](const std::string& certified_as) {
    const ConnectionId connection{next_connection_++};
    proto::ToMaster message;
    message.mutable_application()->set_driver(id);
    message.mutable_application()->set_driver_epoch(1);
    message.mutable_application()->mutable_request()->set_total_cores(1);
    Handle(MessageArrived{connection, message, certified_as});
    return connection;
  };
  EXPECT_TRUE(WasRefused(hello("app-1")));
  EXPECT_TRUE(WasRefused(hello(id + "-2")));
  const ConnectionId application = hello(id + "-1");
  EXPECT_FALSE(WasRefused(application));
  proto::ToMaster launch;
  launch.mutable_launch()->set_certified_as("app-1");
  Handle(MessageArrived{application, launch, id + "-1"});
  EXPECT_EQ(sent_[worker].back().launch().certified_as(), id + "-1");
}

TEST_F(MasterDriversTest, FilesAreInUseUntilTheirDriverHasEnded) {
  const ConnectionId worker = AddWorker("w1", 1);
  const std::string id = SubmitDriver(true);
  EXPECT_THAT(master_->FilesInUse(), ElementsAre("hash"));
  SayDriverEnded(worker, id, 1, 0);
  EXPECT_THAT(master_->FilesInUse(), IsEmpty());
}

}  // namespace
}  // namespace millstream::deploy
