#include "common/rpc/grpc_blocks.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>

#include "common/rpc/grpc_block_server.h"
#include "tests/common/rpc/test_blocks.h"
#include "tests/support/credentials.h"
#include "tests/support/tcp_proxy.h"

namespace millstream::rpc {
namespace {

using namespace std::chrono_literals;
using millstream::tests::TcpProxy;

constexpr ExecutorId kPeer{1};
constexpr size_t kMiB = size_t{1} << 20;

// Bytes that are different everywhere.
std::string Text(size_t bytes, uint64_t seed) {
  std::string text(bytes, '\0');
  for (char& c : text) {
    seed = seed * 6364136223846793005 + 1442695040888963407;
    c = static_cast<char>(seed >> 56);
  }
  return text;
}

class GrpcBlocksTest : public testing::Test {
 protected:
  explicit GrpcBlocksTest(std::chrono::milliseconds network_timeout = 60s)
      : server_(*GrpcBlockServer::Listen(credentials_, network_timeout)),
        transport_(credentials_, network_timeout) {
    server_->Serve(blocks_);
    transport_.SetPeer(kPeer, server_->address());
  }

  // Keeps a block of one slice.
  void Keep(uint64_t number, const std::string& text) {
    ASSERT_TRUE(blocks_.Put(Block(number), {exec::OwnBytes(text)}).ok());
  }

  const security::Credentials credentials_ = test::NewHostCredentials();
  TestBlocks blocks_;
  std::unique_ptr<GrpcBlockServer> server_;
  GrpcBlockTransport transport_;
};

TEST_F(GrpcBlocksTest, BlocksArriveExactlyInTheOrderAsked) {
  const std::string longest = Text(3 * kMiB + 17, 1);
  ASSERT_TRUE(
      blocks_.Put(Block(1), {exec::OwnBytes("a"), exec::OwnBytes(longest), exec::OwnBytes("z")}).ok());
  ASSERT_TRUE(blocks_.Put(Block(2), {}).ok());
  Keep(4, Text(kMiB, 2));
  const Fetched fetched = FetchAll(transport_, kPeer, {Block(4), Block(2), Block(3), Block(1)});
  ASSERT_TRUE(fetched.status.ok()) << fetched.status;
  EXPECT_TRUE(fetched.texts[0] == Text(kMiB, 2));
  EXPECT_EQ(fetched.texts[1], "");
  EXPECT_TRUE(absl::IsNotFound(fetched.errors[2])) << fetched.errors[2];
  EXPECT_TRUE(fetched.texts[3] == "a" + longest + "z");
  EXPECT_EQ(fetched.slices, (std::vector<size_t>{1, 1, 0, 3}));
  EXPECT_EQ(fetched.ends, (std::vector<int>{1, 1, 1, 1}));
}

TEST_F(GrpcBlocksTest, ManySmallBlocksShareMessages) {
  std::vector<plan::BlockId> ids;
  std::string expected;
  for (uint64_t i = 0; i < 5000; ++i) {
    Keep(i, std::to_string(i) + ",");
    ids.push_back(Block(i));
    expected += std::to_string(i) + ",";
  }
  const Fetched fetched = FetchAll(transport_, kPeer, ids);
  ASSERT_TRUE(fetched.status.ok()) << fetched.status;
  std::string all;
  for (const std::string& text : fetched.texts) all += text;
  EXPECT_EQ(all, expected);
  EXPECT_TRUE(FetchAll(transport_, kPeer, {}).status.ok());
}

TEST_F(GrpcBlocksTest, APutBlockIsKeptByThePeer) {
  const exec::Slices slices{exec::OwnBytes(Text(2 * kMiB + 1, 3)), exec::OwnBytes("x")};
  ASSERT_TRUE(transport_.Put(kPeer, Block(9), slices).ok());
  const absl::StatusOr<exec::Slices> kept = blocks_.Get(Block(9));
  ASSERT_TRUE(kept.ok());
  ASSERT_EQ(kept->size(), 2u);
  EXPECT_TRUE((*kept)[0].view == slices[0].view);
  EXPECT_EQ((*kept)[1].view, "x");
  ASSERT_TRUE(transport_.Put(kPeer, Block(10), {}).ok());
  EXPECT_TRUE(blocks_.Get(Block(10))->empty());
}

TEST_F(GrpcBlocksTest, APeerWithoutRoomSaysSo) {
  blocks_.FailPuts(absl::ResourceExhaustedError("full"));
  EXPECT_TRUE(absl::IsResourceExhausted(transport_.Put(kPeer, Block(1), {exec::OwnBytes("x")})));
}

TEST_F(GrpcBlocksTest, ThisProcessIsServedByPointer) {
  TestBlocks own;
  ASSERT_TRUE(own.Put(Block(1), {exec::OwnBytes("mine")}).ok());
  transport_.SetOwn(ExecutorId{2}, own);
  const Fetched fetched = FetchAll(transport_, ExecutorId{2}, {Block(1)});
  ASSERT_TRUE(fetched.status.ok());
  EXPECT_EQ(fetched.first_bytes[0], own.Get(Block(1))->front().view.data());
}

TEST_F(GrpcBlocksTest, AReaderMayEndTheFetch) {
  Keep(1, Text(4 * kMiB, 1));
  Keep(2, "x");
  const plan::BlockId ids[] = {Block(2), Block(1), Block(1)};
  int calls = 0;
  const absl::Status status =
      transport_.Fetch(kPeer, ids, [&](size_t, absl::StatusOr<exec::Bytes>, bool) { return ++calls < 2; });
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(FetchAll(transport_, kPeer, {Block(2)}).texts[0], "x");
}

TEST_F(GrpcBlocksTest, AnUnknownPeerADeadOneAndAWrongSecretAreUnavailable) {
  EXPECT_TRUE(absl::IsUnavailable(FetchAll(transport_, ExecutorId{77}, {Block(1)}).status));
  GrpcBlockTransport stranger(test::NewHostCredentials(), 60s);
  stranger.SetPeer(kPeer, server_->address());
  Keep(1, "x");
  EXPECT_TRUE(absl::IsUnavailable(FetchAll(stranger, kPeer, {Block(1)}).status));
  EXPECT_TRUE(absl::IsUnavailable(stranger.Put(kPeer, Block(2), {})));
  EXPECT_FALSE(blocks_.Get(Block(2)).ok());
  server_.reset();
  EXPECT_TRUE(absl::IsUnavailable(FetchAll(transport_, kPeer, {Block(1)}).status));
  EXPECT_TRUE(absl::IsUnavailable(transport_.Put(kPeer, Block(2), {exec::OwnBytes("x")})));
}

// Counts what the server took from its source.
class CountingBlocks : public BlockSource {
 public:
  absl::StatusOr<exec::Slices> Get(const plan::BlockId& id) override {
    if (id.b != 0) ++taken_;
    return exec::Slices{exec::OwnBytes(std::string(kMiB, 'x'))};
  }
  absl::Status Put(const plan::BlockId&, exec::Slices) override { return absl::OkStatus(); }
  int taken() const { return taken_; }

 private:
  std::atomic<int> taken_ = 0;
};

TEST(GrpcBlockServerTest, ASlowReaderDoesNotFillTheServersMemory) {
  const auto credentials = test::NewHostCredentials();
  CountingBlocks source;
  auto server = *GrpcBlockServer::Listen(credentials, 60s);
  server->Serve(source);
  GrpcBlockTransport transport(credentials, 60s);
  transport.SetPeer(kPeer, server->address());
  GrpcBlockTransport other(credentials, 60s);
  other.SetPeer(kPeer, server->address());

  const std::vector<plan::BlockId> ids(200, Block(1));
  const std::vector<plan::BlockId> others(100, Block(0));
  bool first = true;
  const absl::Status status =
      transport.Fetch(kPeer, ids, [&](size_t, const absl::StatusOr<exec::Bytes>&, bool) {
        // While this reader stands still, all of another's blocks are served.
        if (first) {
          EXPECT_TRUE(FetchAll(other, kPeer, others).status.ok());
          EXPECT_LE(source.taken(), 40);
        }
        first = false;
        return true;
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(source.taken(), 200);
}

class DamagedBlocksTest : public GrpcBlocksTest {
 protected:
  DamagedBlocksTest() : GrpcBlocksTest(2s), proxy_(server_->address()) {
    transport_.SetPeer(kPeer, proxy_.address());
    for (uint64_t i = 0; i < 4; ++i) texts_.push_back(Text(i == 2 ? kMiB + kMiB / 2 : 1000 + i, i));
    for (uint64_t i = 0; i < 4; ++i) Keep(i, texts_[i]);
  }

  void ExpectExact() {
    const Fetched fetched = FetchAll(transport_, kPeer, {Block(0), Block(1), Block(2), Block(3)});
    ASSERT_TRUE(fetched.status.ok()) << fetched.status;
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_TRUE(fetched.texts[i] == texts_[i]) << i;
      EXPECT_EQ(fetched.slices[i], 1u) << i;
      EXPECT_EQ(fetched.ends[i], 1) << i;
    }
  }

  std::vector<std::string> texts_;
  TcpProxy proxy_;
};

TEST_F(DamagedBlocksTest, AFlippedBitIsFoundAndTheBlockFetchedAgain) {
  ExpectExact();
  for (uint64_t position = 0; position < 60; position += 7) {
    SCOPED_TRACE(position);
    proxy_.FlipBit(TcpProxy::kToServer, position);
    ExpectExact();
  }
  for (uint64_t position :
       {0, 3, 5, 9, 20, 40, 60, 70, 100, 1024, 3001, 3050, 20'000, 500'000, 1'000'000, 1'100'000}) {
    SCOPED_TRACE(position);
    proxy_.FlipBit(TcpProxy::kToClient, position);
    ExpectExact();
    EXPECT_EQ(proxy_.faults(), 1);
  }
}

TEST_F(DamagedBlocksTest, ACutConnectionIsMadeAgainAndTheRestFetched) {
  for (uint64_t position : {0, 10, 100, 1500, 3030, 50'000, 1'200'000}) {
    SCOPED_TRACE(position);
    proxy_.Cut(TcpProxy::kToClient, position);
    ExpectExact();
    EXPECT_EQ(proxy_.faults(), 1);
  }
}

TEST_F(DamagedBlocksTest, APutSurvivesDamage) {
  const std::string text = Text(kMiB + 5, 8);
  for (uint64_t position : {200, 10'000, 1'048'000}) {
    SCOPED_TRACE(position);
    proxy_.FlipBit(TcpProxy::kToServer, position);
    ASSERT_TRUE(transport_.Put(kPeer, Block(position), {exec::OwnBytes(text)}).ok());
    EXPECT_EQ(proxy_.faults(), 1);
    EXPECT_TRUE(blocks_.Get(Block(position))->front().view == text);
  }
}

TEST_F(DamagedBlocksTest, ASlowNetworkIsNoFailure) {
  proxy_.Delay(2ms);
  ExpectExact();
}

TEST_F(DamagedBlocksTest, AHungPeerIsUnavailableAfterTheNetworkTimeout) {
  ExpectExact();
  proxy_.Stall(true);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(absl::IsUnavailable(FetchAll(transport_, kPeer, {Block(2)}).status));
  EXPECT_GE(std::chrono::steady_clock::now() - before, 900ms);
  proxy_.Stall(false);
  ExpectExact();
}

TEST_F(GrpcBlocksTest, WhatWaitsForAPeerFailsWhenItIsKnownToBeGone) {
  Keep(1, "x");
  TcpProxy proxy(server_->address());
  transport_.SetPeer(kPeer, proxy.address());
  proxy.Stall(true);
  auto fetched =
      std::async(std::launch::async, [&] { return FetchAll(transport_, kPeer, {Block(1)}).status; });
  transport_.SetPeer(kPeer, "");
  EXPECT_TRUE(absl::IsUnavailable(fetched.get()));
  proxy.Stall(false);
  transport_.SetPeer(kPeer, server_->address());
  EXPECT_EQ(FetchAll(transport_, kPeer, {Block(1)}).texts[0], "x");
}

}  // namespace
}  // namespace millstream::rpc
