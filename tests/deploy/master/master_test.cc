#include "deploy/master/master.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/deploy/master/master_fixture.h"

namespace millstream::deploy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(MasterTest, AnApplicationThatFindsNoWorkersWaitsForThem) {
  const ConnectionId application = AddApplication(2);
  EXPECT_EQ(GrantedTo(application), "");
  EXPECT_EQ(StateOf(IdOf(application)), proto::ApplicationRecord::WAITING);
  AddWorker("w1", 1);
  AddWorker("w2", 1);
  EXPECT_EQ(GrantedTo(application), "0@w1 1@w2");
  EXPECT_EQ(StateOf(IdOf(application)), proto::ApplicationRecord::RUNNING);
}

TEST_F(MasterTest, ApplicationsAreServedInTheOrderTheyCame) {
  const ConnectionId worker = AddWorker("w1", 2);
  const ConnectionId first = AddApplication(2);
  const ConnectionId second = AddApplication(1);
  const ConnectionId third = AddApplication(1);
  EXPECT_EQ(GrantedTo(first), "0@w1 1@w1");
  EXPECT_EQ(GrantedTo(second), "");
  const std::string id = IdOf(first);
  SayApplicationEnded(first);
  SayEnded(worker, id, 0);
  EXPECT_EQ(GrantedTo(second), "0@w1");
  EXPECT_EQ(GrantedTo(third), "");
  SayEnded(worker, id, 1);
  EXPECT_EQ(GrantedTo(third), "0@w1");
}

TEST_F(MasterTest, AWorkerOfMoreCoresOrALongerNameThanAnyIsRefused) {
  const ConnectionId large = AddWorker("w1", 4097);
  const ConnectionId named = AddWorker(std::string(257, 'w'), 1);
  EXPECT_THAT(closed_, ElementsAre(large, named));
  EXPECT_EQ(List().workers_size(), 0);
  EXPECT_THAT(records_, IsEmpty());
}

TEST_F(MasterTest, NamesOfApplicationsAreCutBetweenCharacters) {
  proto::ToMaster message;
  message.mutable_application()->set_name(std::string(255, 'a') + "é");
  message.mutable_application()->set_user(std::string(size_t{1} << 20, 'u'));
  Handle(ConnectionId{next_connection_++}, message);
  const proto::ClusterList list = List();
  EXPECT_EQ(list.applications(0).record().name(), std::string(255, 'a'));
  EXPECT_EQ(list.applications(0).record().user(), std::string(256, 'u'));
}

TEST_F(MasterTest, ALaunchGoesToTheWorkerItWasGrantedOn) {
  const ConnectionId w1 = AddWorker("w1", 4);
  const ConnectionId w2 = AddWorker("w2", 3);
  const ConnectionId application = AddApplication(1);
  proto::ToMaster message;
  message.mutable_launch()->set_executor(0);
  message.mutable_launch()->set_cores(99);
  message.mutable_launch()->mutable_bootstrap()->set_driver_address("127.0.0.1:1");
  Handle(application, std::move(message));
  ASSERT_EQ(sent_[w1].size(), 2);
  EXPECT_EQ(sent_[w1].back().launch().application(), IdOf(application));
  EXPECT_EQ(sent_[w1].back().launch().cores(), 1);
  EXPECT_EQ(sent_[w1].back().launch().bootstrap().driver_address(), "127.0.0.1:1");
  EXPECT_EQ(sent_[w2].size(), 1);
}

TEST_F(MasterTest, AnExecutorWhoseLaunchWasLostIsReplacedWhenItsDriverConnectsAgain) {
  AddWorker("w1", 3);
  const ConnectionId before = AddApplication(2);
  EXPECT_EQ(GrantedTo(before), "0@w1 1@w1");
  SayLaunch(before, 1);
  Handle(Disconnected{before});
  const ConnectionId application = ReturnApplication(IdOf(before), {0, 1});
  EXPECT_THAT(EndedFor(application), ElementsAre(0));
  EXPECT_EQ(GrantedTo(application), "2@w1");
}

TEST_F(MasterTest, AnExecutorThatEndsIsReplacedUnderANewId) {
  const ConnectionId worker = AddWorker("w1", 2);
  const ConnectionId application = AddApplication(2);
  SayEnded(worker, IdOf(application), 0);
  EXPECT_THAT(EndedFor(application), ElementsAre(0));
  EXPECT_EQ(GrantedTo(application), "0@w1 1@w1 2@w1");
}

TEST_F(MasterTest, AnExecutorThatItsDriverGivesUpIsKilledAndThenReplaced) {
  const ConnectionId worker = AddWorker("w1", 1);
  const ConnectionId application = AddApplication(1);
  SayEnded(application, IdOf(application), 0);
  EXPECT_THAT(KilledOn(worker), ElementsAre(0));
  EXPECT_EQ(GrantedTo(application), "0@w1");
  SayEnded(worker, IdOf(application), 0);
  EXPECT_EQ(GrantedTo(application), "0@w1 1@w1");
}

TEST_F(MasterTest, ExecutorsOfAnotherWorkerAreNotEndedByAWorker) {
  AddWorker("w1", 1);
  const ConnectionId stranger = AddWorker("w2", 1);
  const ConnectionId application = AddApplication(2);
  SayEnded(stranger, IdOf(application), 0);
  EXPECT_THAT(EndedFor(application), IsEmpty());
}

TEST_F(MasterTest, ASilentWorkerIsLostAndItsExecutorsMove) {
  const ConnectionId silent = AddWorker("w1", 2);
  const ConnectionId application = AddApplication(1);
  const ConnectionId other = AddWorker("w2", 1);
  Pass(kTimeoutMs / 2);
  Beat(other);
  Pass(kTimeoutMs / 2);
  EXPECT_THAT(closed_, ElementsAre(silent));
  EXPECT_THAT(EndedFor(application), ElementsAre(0));
  EXPECT_EQ(GrantedTo(application), "0@w1 1@w2");
  EXPECT_EQ(List().workers_size(), 1);
  EXPECT_FALSE(records_.contains("worker/w1"));
}

TEST_F(MasterTest, AWorkerWhoseConnectionBreaksKeepsItsExecutorsForAWhile) {
  const ConnectionId worker = AddWorker("w1", 1);
  const ConnectionId application = AddApplication(1);
  Handle(Disconnected{worker});
  Pass(kTimeoutMs - 1);
  const ConnectionId back = AddWorker("w1", 1, {{IdOf(application), 0}});
  EXPECT_THAT(EndedFor(application), IsEmpty());
  EXPECT_THAT(KilledOn(back), IsEmpty());
  Pass(kTimeoutMs - 1);
  EXPECT_EQ(GrantedTo(application), "0@w1");
}

TEST_F(MasterTest, ExecutorsOfADeadWorkerThatTheirDriverMissesMoveAtOnce) {
  const ConnectionId worker = AddWorker("w1", 1);
  const ConnectionId application = AddApplication(1);
  AddWorker("w2", 1);
  Handle(Disconnected{worker});
  SayEnded(application, IdOf(application), 0);
  EXPECT_EQ(GrantedTo(application), "0@w1 1@w2");
}

TEST_F(MasterTest, ADriverThatGaveUpAnExecutorHearsThatItsWorkerIsAwayOrLostAndNoMore) {
  const ConnectionId killing = AddWorker("w1", 1);
  const ConnectionId leaving = AddWorker("w2", 1);
  AddWorker("w3", 1);
  const ConnectionId application = AddApplication(3);
  for (const uint32_t executor : {0, 1, 2}) SayEnded(application, IdOf(application), executor);
  EXPECT_THAT(EndedFor(application), IsEmpty());
  SayEnded(killing, IdOf(application), 0);
  EXPECT_THAT(EndedFor(application), IsEmpty()) << "it asked for that";
  Handle(Disconnected{leaving});
  EXPECT_THAT(EndedFor(application), ElementsAre(1));
  EXPECT_EQ(sent_[application].back().ended().how(), "was on worker w2, which is away");
  Pass(kTimeoutMs);
  EXPECT_THAT(EndedFor(application), ::testing::Contains(2u));
}

TEST_F(MasterTest, AWorkerThatComesBackTooLateIsToldToEndWhatWasReplaced) {
  AddWorker("w1", 1);
  const ConnectionId application = AddApplication(1);
  const std::string id = IdOf(application);
  Pass(kTimeoutMs);
  AddWorker("w2", 1);
  EXPECT_EQ(GrantedTo(application), "0@w1 1@w2");
  const ConnectionId back = AddWorker("w1", 1, {{id, 0}});
  EXPECT_THAT(KilledOn(back), ElementsAre(0));
}

TEST_F(MasterTest, AWorkerThatConnectsAgainIsToldAgainToEndWhatIsUnwanted) {
  AddWorker("w1", 1);
  const ConnectionId application = AddApplication(1);
  SayEnded(application, IdOf(application), 0);
  // Its old connection is not seen to have closed.
  const ConnectionId again = AddWorker("w1", 1, {{IdOf(application), 0}});
  EXPECT_THAT(KilledOn(again), ElementsAre(0));
}

TEST_F(MasterTest, AnExecutorThatEndedWhileItsWorkerWasAwayIsReplaced) {
  const ConnectionId worker = AddWorker("w1", 1);
  const ConnectionId application = AddApplication(1);
  Handle(Disconnected{worker});
  AddWorker("w1", 1);
  EXPECT_THAT(EndedFor(application), ElementsAre(0));
  EXPECT_EQ(GrantedTo(application), "0@w1 1@w1");
}

TEST_F(MasterTest, ADriverThatIsGoneLosesItsApplicationAfterAWhile) {
  const ConnectionId worker = AddWorker("w1", 1);
  const ConnectionId application = AddApplication(1);
  const std::string id = IdOf(application);
  Handle(Disconnected{application});
  SayEnded(worker, id, 0);
  Pass(kTimeoutMs / 2);
  Beat(worker);
  EXPECT_EQ(StateOf(id), proto::ApplicationRecord::RUNNING);
  Pass(kTimeoutMs / 2);
  EXPECT_EQ(StateOf(id), proto::ApplicationRecord::LOST);
}

TEST_F(MasterTest, ExecutorsThatOutliveTheirApplicationAreKilled) {
  const ConnectionId worker = AddWorker("w1", 1);
  const ConnectionId application = AddApplication(1);
  SayApplicationEnded(application);
  EXPECT_THAT(closed_, ElementsAre(application));
  Pass(4'999);
  EXPECT_THAT(KilledOn(worker), IsEmpty());
  Pass(1);
  EXPECT_THAT(KilledOn(worker), ElementsAre(0));
}

TEST_F(MasterTest, KillEndsAnApplicationAndTellsItsDriver) {
  AddWorker("w1", 1);
  const ConnectionId application = AddApplication(1);
  const ConnectionId client{next_connection_++};
  proto::ToMaster message;
  message.mutable_kill()->set_id(IdOf(application));
  Handle(client, message);
  EXPECT_TRUE(sent_[client].front().kill_answer().found());
  EXPECT_THAT(sent_[application].back().killed().reason(), HasSubstr("killed"));
  EXPECT_EQ(StateOf(IdOf(application)), proto::ApplicationRecord::KILLED);
  message.mutable_kill()->set_id("app-0");
  Handle(client, message);
  EXPECT_FALSE(sent_[client].back().kill_answer().found());
}

TEST_F(MasterTest, ItSaysWhatHappensToWorkersAndApplicationsALineEach) {
  const ConnectionId worker = AddWorker("w1", 2);
  const ConnectionId application = AddApplication(1);
  const std::string id = IdOf(application);
  Beat(worker);
  List();
  SayEnded(worker, id, 0);
  SayApplicationEnded(application, 3);
  SayEnded(worker, id, 1);
  EXPECT_THAT(log_, ElementsAre("I worker w1 is registered: 2 cores, 16g",
                                "I " + id + " is WAITING: , of user ", "I " + id + " is RUNNING",
                                "I executor 0 of " + id + " is granted on worker w1, with 1 core",
                                "W executor 0 of " + id + " is lost: was killed by signal 9 (SIGKILL)",
                                "I executor 1 of " + id + " is granted on worker w1, with 1 core",
                                "I " + id + " is FAILED, with exit code 3"));
}

TEST_F(MasterTest, WhoSaysThatItEndedIsAnsweredAlsoIfItIsKnownNoMore) {
  const ConnectionId application = AddApplication(1);
  SayApplicationEnded(application);
  closed_.clear();
  SayApplicationEnded(application);
  EXPECT_THAT(closed_, ElementsAre(application));
}

TEST_F(MasterTest, AWorkerThatStopsIsForgottenAtOnceAndAnsweredAlsoIfItIsNotKnown) {
  const ConnectionId worker = AddWorker("w1", 1);
  const std::string id = IdOf(AddApplication(1));
  AddWorker("w2", 1);
  log_.clear();
  for (const ConnectionId stopping : {worker, ConnectionId{1'000}}) {
    proto::ToMaster message;
    message.mutable_worker_stopping();
    Handle(stopping, message);
  }
  EXPECT_THAT(closed_, ElementsAre(worker, ConnectionId{1'000}));
  EXPECT_EQ(List().workers_size(), 1);
  EXPECT_THAT(log_, ElementsAre("I worker w1 stops",
                                "W executor 0 of " + id + " is lost: was on worker w1, which was stopped",
                                "I executor 1 of " + id + " is granted on worker w2, with 1 core"));
}

TEST_F(MasterTest, ItSaysWhatWasLostAndWhy) {
  const ConnectionId worker = AddWorker("w1", 1);
  const ConnectionId application = AddApplication(1);
  const std::string id = IdOf(application);
  log_.clear();
  Handle(Disconnected{worker});
  Pass(kTimeoutMs);
  Handle(Disconnected{application});
  beating_.clear();
  Pass(kTimeoutMs);
  EXPECT_THAT(
      log_, ElementsAre("W worker w1 is away, and lost in 10000 ms",
                        "W worker w1 is lost with what it ran: it was silent for 10000 ms",
                        "W executor 0 of " + id + " is lost: was on worker w1, which was silent for 10000 ms",
                        "W " + id + ": its driver is away, and lost in 10000 ms",
                        "W " + id + " is LOST: its driver was silent for 10000 ms"));
}

TEST_F(MasterTest, WhoWaitsIsToldWhetherOthersUseWhatItNeedsAndWhatIsFree) {
  AddWorker("w1", 2);
  AddWorker("w2", 1);
  const ConnectionId too_large = AddApplication(1, 3);
  const ConnectionId holds = AddApplication(2, 1);
  const ConnectionId waits = AddApplication(1, 2);
  const auto told = [this](ConnectionId application) { return sent_[application].back().nothing_granted(); };
  ASSERT_EQ(GrantedTo(holds), "0@w1 1@w2");
  EXPECT_TRUE(told(waits).fits());
  EXPECT_FALSE(told(too_large).fits());
  for (const ConnectionId application : {waits, too_large}) {
    EXPECT_EQ(told(application).workers(), 2u);
    EXPECT_EQ(told(application).cores(), 2u);
    EXPECT_EQ(told(application).free_cores(), 1u);
    EXPECT_EQ(told(application).free_memory_bytes(), 15 * kGiB);
  }
  Handle(Disconnected{holds});
  beating_.erase(holds);
  Pass(kTimeoutMs);
  EXPECT_FALSE(told(too_large).fits());
}

TEST_F(MasterTest, ALogQueryIsAnsweredWhenAllWorkersHaveAnsweredOrAreGone) {
  const std::vector<ConnectionId> workers{AddWorker("w1", 1), AddWorker("w2", 1), AddWorker("w3", 1)};
  const ConnectionId client{next_connection_++};
  proto::ToMaster question;
  question.mutable_log_query()->set_application("app");
  Handle(client, question);
  for (uint32_t i : {0u, 2u}) {
    EXPECT_TRUE(sent_[client].empty());
    proto::ToMaster answer;
    answer.mutable_log_answer()->set_query(sent_[workers[i]].back().log_query().query());
    answer.mutable_log_answer()->add_parts()->set_executor(i);
    Handle(workers[i], answer);
    Handle(workers[i], answer);  // again: it counts once
  }
  EXPECT_TRUE(sent_[client].empty());
  Handle(Disconnected{workers[1]});
  ASSERT_EQ(sent_[client].size(), 1);
  EXPECT_EQ(sent_[client].front().log_answer().parts_size(), 2);
}

TEST_F(MasterTest, ALogQueryWithoutWorkersIsAnsweredAtOnce) {
  const ConnectionId client{next_connection_++};
  proto::ToMaster question;
  question.mutable_log_query()->set_application("app");
  Handle(client, question);
  ASSERT_EQ(sent_[client].size(), 1);
  EXPECT_EQ(sent_[client].front().log_answer().parts_size(), 0);
}

}  // namespace
}  // namespace millstream::deploy
