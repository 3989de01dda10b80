// Receivers of a program's own, from their code to the reports that the driver gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <millstream/exec/receiver.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <ranges>
#include <stdexcept>
#include <thread>

#include "common/plan/kernel_refs.h"
#include "tests/executor/support/receiver_test.h"

namespace millstream::executor {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Le;
using Sink = ReceiverSink<int64_t>;
using Texts = ReceiverSink<std::string_view>;

// What the receiver of the test that runs does; called anew whenever it is started.
std::function<void(const std::string& field, Sink& sink)> g_receive;
std::function<void(Texts& sink)> g_receive_texts;

struct Numbers {
  std::string field;
  void Receive(Sink& sink) const { g_receive(field, sink); }
};
struct Lines {
  void Receive(Texts& sink) const { g_receive_texts(sink); }
};

// A receiver's own way to wait.
void AwaitStop(const auto& sink) {
  while (!sink.Stopped()) std::this_thread::yield();
}

class UserReceiverTest : public ReceiverTest {
 protected:
  ~UserReceiverTest() override { cluster_.reset(); }  // before what its receivers use

  static proto::StartReceiver Of(const exec::KernelDescriptor& kernel, const std::string& state) {
    proto::StartReceiver start = CommonSettings();
    plan::EncodeClosure({&kernel, state}, *start.mutable_modules(), *start.mutable_receiver());
    return start;
  }
  static proto::StartReceiver Settings() {
    exec::Encoder state;
    exec::EncodeFunction(Numbers{"ttyUSB0"}, state);
    return Of(exec::Describe<exec::ReceiverKernel<Numbers, int64_t>, void, int64_t>::descriptor,
              state.Take());
  }
  static proto::StartReceiver TextSettings() {
    return Of(
        exec::Describe<exec::ReceiverKernel<Lines, std::string_view>, void, std::string_view>::descriptor,
        "");
  }

  std::vector<int64_t> Rows(int executor = 0) {
    const std::string bytes = Received(executor);
    std::vector<int64_t> rows;
    exec::Decoder in(bytes);
    for (int64_t row = 0; !in.empty() && exec::Codec<int64_t>::Decode(in, row);) rows.push_back(row);
    return rows;
  }
  bool WaitForRows(size_t count) { return WaitForBytes(count * sizeof(int64_t)); }
  // The driver's answer to what a receiver stored at once.
  void Answer(bool accepted) {
    proto::ToExecutor message;
    proto::ReceiverStored* stored = message.add_commands()->mutable_receiver_stored();
    stored->set_stream(3);
    stored->set_epoch(1);
    stored->set_accepted(accepted);
    cluster_->Send(0, message);
  }
};

TEST_F(UserReceiverTest, GetsItsFieldsAndItsRowsAreReportedWhileItSleeps) {
  Open();
  std::string field;
  g_receive = [&](const std::string& its, Sink& sink) {
    field = its;
    for (int64_t i = 0; i < 3; ++i) sink.Store(i);
    AwaitStop(sink);
  };
  Start(Settings());
  EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::STARTED, ""));
  ASSERT_TRUE(WaitForRows(3));
  EXPECT_THAT(Rows(), ElementsAre(0, 1, 2));
  EXPECT_EQ(field, "ttyUSB0");
  StopReceiver();
}

TEST_F(UserReceiverTest, RowsMayViewWhatChangesRightAfterwards) {
  Open();
  g_receive_texts = [](Texts& sink) {
    std::string buffer = "first";
    sink.Store(buffer);
    buffer = "other";
    sink.Store(buffer);
    AwaitStop(sink);
  };
  Start(TextSettings());
  ASSERT_TRUE(WaitForBytes(12));
  EXPECT_EQ(Received(), "\5first\5other");
}

TEST_F(UserReceiverTest, RowsMayViewWhatARangeMakesAsItGoes) {
  Open();
  g_receive_texts = [](Texts& sink) {
    const auto name = [](int i) { return "a name too long to be kept in place " + std::to_string(i); };
    sink.Store(std::views::iota(0, 2) | std::views::transform(name));
    AwaitStop(sink);
  };
  Start(TextSettings());
  ASSERT_TRUE(WaitForEvent(proto::ReceiverEvent::STORED, ""));
  EXPECT_EQ(Received(), "\45a name too long to be kept in place 0\45a name too long to be kept in place 1");
  Answer(true);
}

TEST_F(UserReceiverTest, BlocksHoldAtMostAMebibyteAndAreStoredAsTheyFill) {
  Open();
  constexpr int64_t kRows = 1 << 19;
  g_receive = [](const std::string&, Sink& sink) {
    for (int64_t i = 0; i < kRows; ++i) sink.Store(i);
    AwaitStop(sink);
  };
  proto::StartReceiver settings = Settings();
  settings.set_block_interval_ms(3'600'000);
  Start(settings);
  // All but the last are there, though nobody is told before the interval ends.
  while (!cluster_->executor(0)
              .blocks()
              .Get({plan::BlockId::Kind::kReceived, 3, uint64_t{1} << 32 | 2, 0})
              .ok()) {
    std::this_thread::yield();
  }
  EXPECT_EQ(ReportedBytes(cluster_->messages()), 0u);
  StopReceiver();
  const Messages said = cluster_->messages();
  std::vector<uint64_t> sizes;
  for (const auto& block : ReportedBlocks(said)) sizes.push_back(block.block().bytes());
  EXPECT_THAT(sizes, Each(Le(1u << 20)));
  std::vector<int64_t> rows = Rows();
  ASSERT_EQ(rows.size(), size_t{kRows});
  for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i], static_cast<int64_t>(i));
  EXPECT_EQ(said.back()->receivers_size(), 1) << "it has stopped when all is reported";
}

TEST_F(UserReceiverTest, WhatItStoredBeforeItReturnedIsReportedBeforeItSaysThatItStopped) {
  Open();
  std::atomic<bool> called = false;
  g_receive = [&](const std::string&, Sink& sink) {
    called = true;
    AwaitStop(sink);
    sink.Store(7);
  };
  proto::StartReceiver settings = Settings();
  settings.set_block_interval_ms(3'600'000);
  Start(settings);
  while (!called) std::this_thread::yield();
  StopReceiver();
  EXPECT_THAT(Rows(), ElementsAre(7));
}

TEST_F(UserReceiverTest, RowsStoredTogetherComeInOrderAfterThoseBeforeThem) {
  Open();
  g_receive = [](const std::string&, Sink& sink) {
    sink.Store(1);
    sink.Store(std::vector<int64_t>{2, 3});
    sink.Store(4);
    sink.Store(std::array<int, 2>{5, 6});
    AwaitStop(sink);
  };
  proto::StartReceiver settings = Settings();
  settings.set_block_interval_ms(3'600'000);
  Start(settings);
  ASSERT_TRUE(WaitForEvent(proto::ReceiverEvent::STORED, ""));
  EXPECT_THAT(Rows(), ElementsAre(1, 2, 3)) << "they do not wait for the interval";
  Answer(true);
  ASSERT_TRUE(WaitForEvent(proto::ReceiverEvent::STORED, "", 2));
  Answer(true);
  EXPECT_THAT(Rows(), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(UserReceiverTest, RowsStoredTogetherAreSafeWhenTheDriverSaysSo) {
  for (const bool accepted : {true, false}) {
    Open({.executors = 2});
    std::atomic<int> answer = -1;
    g_receive = [&](const std::string&, Sink& sink) {
      answer = sink.Store(std::vector<int64_t>{1, 2});
      AwaitStop(sink);
    };
    proto::StartReceiver settings = Settings();
    settings.add_replica_peers(1);
    Start(settings);
    ASSERT_TRUE(WaitForEvent(proto::ReceiverEvent::STORED, ""));
    EXPECT_THAT(Rows(1), ElementsAre(1, 2)) << "a copy is made before";
    EXPECT_EQ(answer, -1);
    Answer(accepted);
    StopReceiver();
    EXPECT_EQ(answer, accepted);
    cluster_.reset();
  }
}

TEST_F(UserReceiverTest, RowsForWhichNoAnswerComesAreNotSaidToBeSafe) {
  Open();
  std::atomic<int> answer = -1;
  g_receive = [&](const std::string&, Sink& sink) { answer = sink.Store(std::vector<int64_t>{1}); };
  Start(Settings());
  ASSERT_TRUE(WaitForEvent(proto::ReceiverEvent::STORED, ""));
  cluster_->StopExecutor(0);
  EXPECT_EQ(answer, false);
}

TEST_F(UserReceiverTest, OneThatThrowsOrReturnsIsToldOfAndCalledAgain) {
  Open();
  std::atomic<int> calls = 0;
  g_receive = [&](const std::string&, Sink& sink) {
    const int call = ++calls;
    sink.Store(call);
    if (call == 1) throw std::runtime_error("the cable is loose");
    if (call == 2) throw 42;
    if (call > 4) AwaitStop(sink);
  };
  Start(Settings());
  ASSERT_TRUE(WaitForRows(5));
  EXPECT_THAT(Rows(), ElementsAre(1, 2, 3, 4, 5));
  const Messages said = cluster_->messages();
  const auto told = [&](const std::string& text) {
    return CountEvents(said, proto::ReceiverEvent::ERROR, text + ". Trying again in 5 ms.");
  };
  EXPECT_EQ(told("the receiver threw std::runtime_error: the cable is loose"), 1);
  EXPECT_EQ(told("the receiver threw int: 42"), 1);
  EXPECT_EQ(told("the receiver returned"), 1) << "the same is told once a minute";
}

TEST_F(UserReceiverTest, OneThatAsksForARestartIsStoppedAndCalledAgain) {
  Open();
  std::atomic<int> calls = 0;
  g_receive = [&](const std::string&, Sink& sink) {
    const int call = ++calls;
    sink.Store(call);
    if (call == 1) sink.Restart("lost the device");
    AwaitStop(sink);
  };
  Start(Settings());
  ASSERT_TRUE(WaitForRows(2));
  EXPECT_THAT(Rows(), ElementsAre(1, 2));
  EXPECT_TRUE(
      WaitForEvent(proto::ReceiverEvent::ERROR, "the receiver asked to be restarted: lost the device"));
}

TEST_F(UserReceiverTest, WhatItReportsIsToldAndItGoesOnButOfAThousandThingsNotAllAreTold) {
  Open();
  g_receive = [&](const std::string&, Sink& sink) {
    for (int i = 0; i < 1000; ++i) sink.ReportError("error " + std::to_string(i));
    sink.Store(1);
    AwaitStop(sink);
  };
  Start(Settings());
  ASSERT_TRUE(WaitForRows(1));
  EXPECT_EQ(CountEvents(cluster_->messages(), proto::ReceiverEvent::ERROR, "error 0"), 1);
  EXPECT_EQ(CountEvents(cluster_->messages(), proto::ReceiverEvent::ERROR, "error"), 100);
}

TEST_F(UserReceiverTest, TooLongRowsAreDroppedAndTheNextOneIsFine) {
  Open();
  g_receive_texts = [](Texts& sink) {
    sink.Store(std::string(size_t{3} << 20, 'z'));
    sink.Store(std::string(size_t{2} << 20, 'y'));
    sink.Store("fine");
    AwaitStop(sink);
  };
  proto::StartReceiver settings = TextSettings();
  settings.set_max_record_bytes((2 << 20) + 10);
  Start(settings);
  ASSERT_TRUE(WaitForBytes((2 << 20) + 9));
  EXPECT_EQ(Received().substr((2 << 20) + 4), "\4fine");
  EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::ERROR, "1 rows were longer than"));
}

TEST_F(UserReceiverTest, StoringWaitsForRoom) {
  Open({.memory_bytes = size_t{4} << 20});
  constexpr int64_t kRows = 3 << 20;
  std::atomic<int64_t> stored = 0;
  g_receive = [&](const std::string&, Sink& sink) {
    for (; stored < kRows; ++stored) sink.Store(stored);
    AwaitStop(sink);
  };
  proto::StartReceiver settings = Settings();
  settings.set_level(static_cast<uint32_t>(StorageLevel::kMemoryOnly));
  Start(settings);
  ASSERT_TRUE(WaitForEvent(proto::ReceiverEvent::ERROR, "Receiving waits for room"));
  EXPECT_LE(ReportedBytes(cluster_->messages()), size_t{4} << 20);
  EXPECT_LE(stored, 5 << 17) << "what it cannot store it does not keep";
  EXPECT_TRUE(DropUntilReported(kRows * sizeof(int64_t)));
  StopReceiver();
}

TEST_F(UserReceiverTest, ALimitedOneStoresNoRowBeforeItsTime) {
  Open();
  using Clock = std::chrono::steady_clock;
  constexpr int kRows = 200;
  std::vector<Clock::duration> at;
  const auto begin = Clock::now();
  g_receive = [&](const std::string&, Sink& sink) {
    for (int i = 0; i < kRows; ++i) {
      sink.Store(i);
      at.push_back(Clock::now() - begin);
    }
    AwaitStop(sink);
  };
  proto::StartReceiver settings = Settings();
  settings.set_max_rate(1000);
  Start(settings);
  ASSERT_TRUE(WaitForRows(kRows));
  StopReceiver();
  for (int i = 0; i < kRows; ++i) EXPECT_GE(at[static_cast<size_t>(i)], i * std::chrono::milliseconds(1));
}

TEST_F(UserReceiverTest, TheLimitIsNotForRowsStoredTogetherNorForWhatIsStoredOnceStopped) {
  Open();
  g_receive = [](const std::string&, Sink& sink) {
    sink.Store(std::vector<int64_t>(10'000, 1));
    AwaitStop(sink);
    for (int i = 0; i < 10'000; ++i) sink.Store(2);
  };
  proto::StartReceiver settings = Settings();
  settings.set_max_rate(1);
  Start(settings);
  ASSERT_TRUE(WaitForEvent(proto::ReceiverEvent::STORED, ""));
  Answer(true);
  StopReceiver();
  EXPECT_EQ(Rows().size(), 20'000u);
}

TEST_F(UserReceiverTest, AStopEndsTheWaitForTheLimit) {
  Open();
  g_receive = [](const std::string&, Sink& sink) {
    for (int64_t i = 0; i < 1000 && !sink.Stopped(); ++i) sink.Store(i);
  };
  proto::StartReceiver settings = Settings();
  settings.set_max_rate(1);
  Start(settings);
  ASSERT_TRUE(WaitForRows(1));
  StopReceiver();
  EXPECT_LT(Rows().size(), 1000u);
}

TEST_F(UserReceiverTest, SeveralThreadsMayStore) {
  Open();
  constexpr int kThreads = 4, kRows = 10'000;
  g_receive = [](const std::string&, Sink& sink) {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kRows; ++i) sink.Store(i);
      });
    }
    threads.clear();
    AwaitStop(sink);
  };
  Start(Settings());
  EXPECT_TRUE(WaitForRows(size_t{kThreads} * kRows));
  StopReceiver();
  EXPECT_EQ(Rows().size(), size_t{kThreads} * kRows);
}

TEST_F(UserReceiverTest, FieldsThatDoNotDecodeAreToldOf) {
  Open();
  proto::StartReceiver settings = Settings();
  settings.mutable_receiver()->set_state("\x7fshort");
  Start(settings);
  EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::ERROR, "ReceiverStream"));
}

TEST_F(UserReceiverTest, CodeThatIsNotThereIsToldOfAndEndsIt) {
  Open();
  proto::StartReceiver settings = Settings();
  settings.mutable_receiver()->mutable_kernel()->mutable_native()->set_module(7);
  Start(settings);
  EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::ERROR, "module 7"));
  EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::STOPPED, ""));
}

}  // namespace
}  // namespace millstream::executor
