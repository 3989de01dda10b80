// A master that is started again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy/master/master.h"
#include "tests/deploy/master/master_fixture.h"

namespace millstream::deploy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using MasterRecoveryTest = MasterTest;

TEST_F(MasterRecoveryTest, AfterARestartWhatRunsGoesOnUnderItsIds) {
  AddWorker("w1", 2);
  const std::string id = IdOf(AddApplication(2));
  Restart();
  const ConnectionId application = ReturnApplication(id, {0, 1});
  EXPECT_EQ(IdOf(application), id);
  const ConnectionId worker = AddWorker("w1", 2, {{id, 0}, {id, 1}});
  EXPECT_EQ(GrantedTo(application), "");
  EXPECT_THAT(EndedFor(application), IsEmpty());
  EXPECT_THAT(KilledOn(worker), IsEmpty());
  SayEnded(worker, id, 1);
  EXPECT_EQ(GrantedTo(application), "2@w1");
}

TEST_F(MasterRecoveryTest, AfterARestartWhatItsWorkerRunsWasLaunched) {
  AddWorker("w1", 1);
  const std::string id = IdOf(AddApplication(1));
  Restart();
  AddWorker("w1", 1, {{id, 0}});
  Handle(Disconnected{ReturnApplication(id, {0})});
  const ConnectionId application = ReturnApplication(id, {0});
  EXPECT_THAT(EndedFor(application), IsEmpty());
  EXPECT_EQ(GrantedTo(application), "");
}

TEST_F(MasterRecoveryTest, AfterARestartNothingIsGrantedUntilAllAreBackOrTheTimeIsUp) {
  AddWorker("w1", 1);
  AddWorker("w2", 1);
  Restart();
  AddWorker("w1", 1);
  const ConnectionId application = AddApplication(1);
  EXPECT_EQ(GrantedTo(application), "");
  Pass(kTimeoutMs - 1);
  EXPECT_EQ(GrantedTo(application), "");
  AddWorker("w2", 1);
  EXPECT_EQ(GrantedTo(application), "0@w1");
}

TEST_F(MasterRecoveryTest, AfterARestartWhatDoesNotComeBackIsLost) {
  AddWorker("w1", 1);
  AddWorker("w2", 1);
  const std::string stays = IdOf(AddApplication(2));
  const std::string goes = IdOf(AddApplication(1));
  Restart();
  const ConnectionId application = ReturnApplication(stays, {0, 1});
  const ConnectionId worker = AddWorker("w1", 2, {{stays, 0}});
  Pass(kTimeoutMs / 2);
  Beat(worker);
  EXPECT_THAT(EndedFor(application), IsEmpty());
  Pass(kTimeoutMs / 2);
  EXPECT_THAT(EndedFor(application), ElementsAre(1));
  EXPECT_EQ(GrantedTo(application), "2@w1");
  EXPECT_EQ(StateOf(goes), proto::ApplicationRecord::LOST);
}

TEST_F(MasterRecoveryTest, IdsAreNotUsedAgainAfterARestart) {
  const std::string first = IdOf(AddApplication(1));
  Restart();
  EXPECT_GT(IdOf(AddApplication(1)), first);
}

TEST_F(MasterRecoveryTest, ARecordThatIsDamagedIsAnErrorThatNamesIt) {
  for (const char* key : {"worker/w1", "application/app-1", "driver/driver-1"}) {
    const auto master = Master::Create({}, {{key, "\xff\xff"}}, now_ms_);
    EXPECT_EQ(master.status().code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(master.status().message()), HasSubstr(key));
  }
}

TEST_F(MasterRecoveryTest, AnApplicationItDoesNotKnowIsToldSo) {
  const ConnectionId application = ReturnApplication("app-20260101000000-0001", {});
  ASSERT_EQ(sent_[application].size(), 1);
  EXPECT_TRUE(sent_[application].front().has_killed());
}

TEST_F(MasterRecoveryTest, AnotherApplicationsDriverDoesNotTakeItsPlace) {
  AddWorker("w1", 1);
  const ConnectionId driver{100};
  proto::ToMaster hello;
  hello.mutable_application()->mutable_request()->set_executors(1);
  Handle(MessageArrived{driver, hello, "one"});
  const std::string id = IdOf(driver);
  hello.mutable_application()->set_id(id);
  hello.mutable_application()->add_executors(0);
  for (const bool restarted : {false, true}) {
    if (restarted) Restart();
    for (const char* credentials : {"two", ""}) {
      const ConnectionId other{next_connection_++};
      Handle(MessageArrived{other, hello, credentials});
      EXPECT_EQ(IdOf(other), "");
      EXPECT_TRUE(sent_[other].back().has_killed());
    }
    const ConnectionId again{next_connection_++};
    Handle(MessageArrived{again, hello, "one"});
    EXPECT_EQ(IdOf(again), id);
  }
}

TEST_F(MasterRecoveryTest, OldApplicationsAreForgotten) {
  for (int i = 0; i < 5; ++i) SayApplicationEnded(AddApplication(1));
  Pass(1);
  EXPECT_EQ(List().applications_size(), 2);
  EXPECT_EQ(records_.size(), 2);
}

TEST_F(MasterRecoveryTest, AMasterThatSleptBlamesNobody) {
  AddWorker("w1", 1);
  const ConnectionId application = AddApplication(1);
  now_ms_ += 10 * kTimeoutMs;
  Handle(Stalled{});
  Handle(TimePassed{});
  EXPECT_THAT(EndedFor(application), IsEmpty());
  EXPECT_THAT(closed_, IsEmpty());
}

TEST_F(MasterRecoveryTest, AMasterThatWasCutOffBlamesNobody) {
  AddWorker("w1", 1);
  AddWorker("w2", 1);
  const ConnectionId application = AddApplication(2);
  const std::string id = IdOf(application);
  beating_.clear();
  Pass(3 * kTimeoutMs - 1);
  EXPECT_THAT(closed_, IsEmpty());
  EXPECT_EQ(List().workers(0).connected(), false);
  const ConnectionId first = AddWorker("w1", 1, {{id, 0}});
  Pass(kTimeoutMs - 1);
  const ConnectionId second = AddWorker("w2", 1, {{id, 1}});
  const ConnectionId back = ReturnApplication(id, {0, 1});
  EXPECT_EQ(StateOf(id), proto::ApplicationRecord::RUNNING);
  EXPECT_THAT(KilledOn(first), IsEmpty());
  EXPECT_THAT(KilledOn(second), IsEmpty());
  EXPECT_THAT(EndedFor(back), IsEmpty());
}

TEST_F(MasterRecoveryTest, AfterItWasCutOffWhoStaysSilentIsLost) {
  const ConnectionId first = AddWorker("w1", 1);
  const ConnectionId second = AddWorker("w2", 1);
  Pass(2 * kTimeoutMs);
  beating_ = {first};
  Pass(2 * kTimeoutMs);
  EXPECT_THAT(closed_, ElementsAre(second));
}

TEST_F(MasterRecoveryTest, ConnectionsThatBreakOneByOneAfterItWasCutOffCostNobodyAnything) {
  const std::vector<ConnectionId> workers{AddWorker("w1", 1), AddWorker("w2", 1)};
  const ConnectionId application = AddApplication(2);
  const std::string id = IdOf(application);
  beating_.clear();
  Pass(2 * kTimeoutMs);
  for (const ConnectionId worker : workers) {
    Handle(Disconnected{worker});
    Handle(TimePassed{});
  }
  EXPECT_THAT(closed_, IsEmpty());
  EXPECT_EQ(StateOf(id), proto::ApplicationRecord::RUNNING);
  EXPECT_EQ(List().workers_size(), 2);
}

TEST_F(MasterRecoveryTest, WhenNobodyIsHeardForThreeTimeoutsAllAreLost) {
  const ConnectionId first = AddWorker("w1", 1);
  const ConnectionId second = AddWorker("w2", 1);
  now_ms_ += kTimeoutMs;
  Handle(TimePassed{});
  EXPECT_THAT(closed_, IsEmpty());
  ASSERT_EQ(master_->NextDeadlineMs(), now_ms_ + 2 * kTimeoutMs);
  now_ms_ += 2 * kTimeoutMs;
  Handle(TimePassed{});
  EXPECT_THAT(closed_, ElementsAre(first, second));
}

}  // namespace
}  // namespace millstream::deploy
