// Receivers of a program's own on a driver and executors in one process, on a manual clock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <millstream/streaming.h>
#include <millstream/testing.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "common/plan/block_messages.h"
#include "tests/support/event.h"
#include "tests/support/mini_cluster.h"
#include "tests/support/streaming_fixture.h"
#include "tests/support/text_server.h"

namespace millstream::test {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr int64_t kRows = 1000;

struct Reading {
  int64_t device = 0;
  int64_t number = 0;
};

// What receivers of this test program do, and what they tell the test.
std::function<void(int64_t device, ReceiverSink<Reading>& sink)> g_receive;
std::function<void(ReceiverSink<std::string_view>& sink)> g_receive_words;

struct Device {
  int64_t device = 0;
  void Receive(ReceiverSink<Reading>& sink) const { g_receive(device, sink); }
};
struct WordReceiver {
  void Receive(ReceiverSink<std::string_view>& sink) const { g_receive_words(sink); }
};

void AwaitStop(const auto& sink) {
  while (!sink.Stopped()) std::this_thread::yield();
}

class ReceiversTest : public StreamingFixture {
 protected:
  void Build(const MiniClusterOptions& options = {}, Config config = {}) {
    MakeCluster(options);
    cluster_->OnMessageTo([this](ExecutorId id, proto::ToExecutor message) {
      for (const auto& command : message.commands()) {
        if (!command.has_start_receiver()) continue;
        std::lock_guard lock(mutex_);
        started_on_[command.start_receiver().stream()].push_back(id);
      }
      return std::vector{std::move(message)};
    });
    cluster_->OnMessageFrom([this](ExecutorId, proto::FromExecutor message) {
      for (const auto& report : message.blocks())
        reported_bytes_.Add(static_cast<int64_t>(report.block().bytes()));
      for (const auto& event : message.receivers()) {
        if (event.kind() != proto::ReceiverEvent::ERROR) continue;
        std::lock_guard lock(mutex_);
        errors_.push_back(event.message());
      }
      return std::vector{std::move(message)};
    });
    StartCluster(std::move(config));
  }

  // The readings of all batches, by device.
  void Keep(const DStream<Reading>& readings) {
    readings.ForEachRdd([this](const RDD<Reading>& rdd) -> absl::Status {
      const auto rows = rdd.Collect();
      if (!rows.ok()) return rows.status();
      {
        std::lock_guard lock(mutex_);
        for (const Reading& reading : *rows) got_[reading.device].push_back(reading.number);
      }
      batches_.Add();
      return absl::OkStatus();
    });
  }

  std::vector<int64_t> Got(int64_t device) {
    std::lock_guard lock(mutex_);
    return got_[device];
  }
  std::vector<ExecutorId> StartedOn(uint32_t stream) {
    std::lock_guard lock(mutex_);
    return started_on_[stream];
  }
  std::vector<std::string> Errors() {
    std::lock_guard lock(mutex_);
    return errors_;
  }

  Event reported_bytes_;
  std::mutex mutex_;  // protects what follows
  std::map<int64_t, std::vector<int64_t>> got_;
  std::map<uint32_t, std::vector<ExecutorId>> started_on_;
  std::vector<std::string> errors_;
};

std::vector<int64_t> NumbersTo(int64_t count) {
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

TEST_F(ReceiversTest, EveryRowIsInOneBatchAndInOrder) {
  Build();
  Event stored;
  g_receive = [&](int64_t device, ReceiverSink<Reading>& sink) {
    for (int64_t i = 0; i < kRows; ++i) sink.Store({device, i});
    stored.Add();
    AwaitStop(sink);
  };
  Keep(ssc_->ReceiverStream<Reading>(Device{5}));
  StartStreaming();
  RunBatch();
  ASSERT_TRUE(stored.Await());
  RunBatch();
  ASSERT_TRUE(StopGracefully().ok());
  EXPECT_EQ(Got(5), NumbersTo(kRows));
}

TEST_F(ReceiversTest, RowsStoredTogetherAreInTheNextBatch) {
  Build();
  Event safe;
  g_receive = [&](int64_t device, ReceiverSink<Reading>& sink) {
    std::vector<Reading> readings;
    for (int64_t i = 0; i < kRows; ++i) readings.push_back({device, i});
    if (sink.Store(readings)) safe.Add();
    AwaitStop(sink);
  };
  Keep(ssc_->ReceiverStream<Reading>(Device{1}));
  StartStreaming();
  ASSERT_TRUE(safe.Await());
  RunBatch();
  EXPECT_EQ(Got(1), NumbersTo(kRows));
  ASSERT_TRUE(StopGracefully().ok());
}

TEST_F(ReceiversTest, NoRowIsStoredBeforeTheConfiguredRateAllowsIt) {
  Build({}, Config().Set("millstream.streaming.receiver.maxRate", "1000"));
  constexpr int kRowsOfTheTest = 200;
  std::vector<std::chrono::steady_clock::duration> at;
  const auto begin = std::chrono::steady_clock::now();
  Event stored;
  g_receive = [&](int64_t device, ReceiverSink<Reading>& sink) {
    for (int64_t i = 0; i < kRowsOfTheTest; ++i) {
      sink.Store({device, i});
      at.push_back(std::chrono::steady_clock::now() - begin);
    }
    stored.Add();
    AwaitStop(sink);
  };
  Keep(ssc_->ReceiverStream<Reading>(Device{1}));
  StartStreaming();
  ASSERT_TRUE(stored.Await());
  ASSERT_TRUE(StopGracefully().ok());
  EXPECT_EQ(Got(1), NumbersTo(kRowsOfTheTest));
  for (size_t i = 0; i < at.size(); ++i) EXPECT_GE(at[i], i * milliseconds(1)) << i;
}

TEST_F(ReceiversTest, TwoReceiversRunOnTwoExecutors) {
  Build();
  Event stored;
  g_receive = [&](int64_t device, ReceiverSink<Reading>& sink) {
    for (int64_t i = 0; i < kRows; ++i) sink.Store({device, i});
    stored.Add();
    AwaitStop(sink);
  };
  const std::vector<DStream<Reading>> streams = {ssc_->ReceiverStream<Reading>(Device{1}),
                                                 ssc_->ReceiverStream<Reading>(Device{2})};
  Keep(ssc_->Union(streams));
  StartStreaming();
  ASSERT_TRUE(stored.Await(2));
  ASSERT_TRUE(StopGracefully().ok());
  EXPECT_EQ(Got(1), NumbersTo(kRows));
  EXPECT_EQ(Got(2), NumbersTo(kRows));
  ASSERT_THAT(StartedOn(0), SizeIs(1));
  ASSERT_THAT(StartedOn(1), SizeIs(1));
  EXPECT_NE(StartedOn(0)[0], StartedOn(1)[0]);
}

TEST_F(ReceiversTest, OneThatThrowsAndOneThatAsksForARestartGoOnWithWhatTheyStored) {
  Build();
  Event calls;
  g_receive = [&](int64_t device, ReceiverSink<Reading>& sink) {
    const int64_t call = calls.count();
    sink.Store({device, call});
    calls.Add();
    if (call == 0) throw std::runtime_error("unplugged");
    if (call == 1) sink.Restart("a new firmware");
    AwaitStop(sink);
  };
  Keep(ssc_->ReceiverStream<Reading>(Device{1}));
  StartStreaming();
  ASSERT_TRUE(calls.Await(3));
  ASSERT_TRUE(StopGracefully().ok());
  EXPECT_THAT(Got(1), ElementsAre(0, 1, 2));
  EXPECT_THAT(StartedOn(0), SizeIs(1)) << "it stays where it is";
  EXPECT_THAT(Errors(), ElementsAre(HasSubstr("std::runtime_error: unplugged"), HasSubstr("a new firmware")));
}

TEST_F(ReceiversTest, ALostExecutorMovesTheReceiverAndWhatWasSafeIsCountedOnce) {
  Build({.executors = 4});
  std::atomic<int64_t> next = 0;  // what the source has no acknowledgement for
  Event safe;
  g_receive = [&](int64_t device, ReceiverSink<Reading>& sink) {
    std::vector<Reading> readings;
    const int64_t first = next;
    for (int64_t i = first; i < first + kRows; ++i) readings.push_back({device, i});
    if (!sink.Store(readings)) return;
    next = first + kRows;
    safe.Add();
    AwaitStop(sink);
  };
  Keep(ssc_->ReceiverStream<Reading>(Device{1}));
  StartStreaming();
  for (int round = 1; round <= 3; ++round) {
    ASSERT_TRUE(safe.Await(round));
    const ExecutorId victim = StartedOn(0).back();
    cluster_->Kill(victim);
    RunBatch();
    ASSERT_TRUE(safe.Await(round + 1));
    EXPECT_NE(StartedOn(0).back(), victim);
  }
  ASSERT_TRUE(StopGracefully().ok());
  EXPECT_EQ(Got(1), NumbersTo(4 * kRows));
}

TEST_F(ReceiversTest, RowsMayBeViewsWhichMustNotBeKept) {
  Build({.test_chunks = true});
  Event stored;
  g_receive_words = [&](ReceiverSink<std::string_view>& sink) {
    for (int i = 0; i < 100; ++i) sink.Store("word " + std::to_string(i));
    stored.Add();
    AwaitStop(sink);
  };
  const DStream<std::string_view> words = ssc_->ReceiverStream<std::string_view>(WordReceiver{});
  std::set<std::string> got;
  words.Map([](std::string_view word) { return word.substr(5); })
      .ForEachRdd([&](const RDD<std::string_view>& rdd) -> absl::Status {
        const auto rows = rdd.Collect();
        if (rows.ok()) got.insert(rows->begin(), rows->end());
        return rows.status();
      });
  StartStreaming();
  ASSERT_TRUE(stored.Await());
  ASSERT_TRUE(StopGracefully().ok());
  EXPECT_THAT(got, SizeIs(100));
}

TEST_F(ReceiversTest, AViewThatIsKeptFailsItsBatch) {
  Build({.test_chunks = true});
  g_receive_words = [&](ReceiverSink<std::string_view>& sink) {
    std::vector<std::string> words;
    for (int i = 0; i < 100; ++i) words.push_back("word " + std::to_string(i));
    sink.Store(words);
    AwaitStop(sink);
  };
  ssc_->ReceiverStream<std::string_view>(WordReceiver{})
      .MapPartitions([](Reader<std::string_view>& words) {
        std::vector<std::string_view> kept;
        for (const std::string_view word : words) kept.push_back(word);
        return kept;
      })
      .ForEachRdd([](const RDD<std::string_view>& rdd) { return rdd.Count().status(); });
  StartStreaming();
  ASSERT_TRUE(reported_bytes_.Await());
  StopGracefully().IgnoreError();
  EXPECT_THAT(std::string(ssc_->AwaitTermination().message()), HasSubstr("keep a std::string"));
}

TEST_F(ReceiversTest, RawBlocksOfATcpServerAreDecodedInTasks) {
  Build();
  TextServer server;
  Keep(ssc_->RawSocketStream<Reading>("127.0.0.1", server.port()));
  StartStreaming();
  exec::Encoder rows;
  for (int64_t i = 0; i < kRows; ++i) exec::Codec<Reading>::Encode({7, i}, rows);
  const auto length = static_cast<uint32_t>(rows.size());
  std::string block;
  for (const int shift : {24, 16, 8, 0}) block += static_cast<char>(length >> shift);
  block += rows.view();
  ASSERT_TRUE(server.Send(block + block));
  ASSERT_TRUE(reported_bytes_.Await(2 * static_cast<int64_t>(length)));
  ASSERT_TRUE(StopGracefully().ok());
  std::vector<int64_t> expected = NumbersTo(kRows);
  expected.insert(expected.end(), expected.begin(), expected.begin() + kRows);
  EXPECT_EQ(Got(7), expected);
}

TEST_F(ReceiversTest, RawBytesThatAreNoRowsFailTheBatch) {
  Build();
  TextServer server;
  Keep(ssc_->RawSocketStream<Reading>("127.0.0.1", server.port()));
  StartStreaming();
  ASSERT_TRUE(server.Send(std::string("\0\0\0\3abc", 7)));
  ASSERT_TRUE(reported_bytes_.Await(3));
  StopGracefully().IgnoreError();
  EXPECT_THAT(std::string(ssc_->AwaitTermination().message()),
              HasSubstr("RawSocketStream: stored rows do not decode"));
}

}  // namespace
}  // namespace millstream::test
