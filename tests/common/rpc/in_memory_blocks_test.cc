#include "common/rpc/in_memory_blocks.h"

#include <gtest/gtest.h>

#include "tests/common/rpc/test_blocks.h"

namespace millstream::rpc {
namespace {

constexpr ExecutorId kPeer{1};

TEST(InMemoryBlocksTest, SlicesAreHandedOverByPointer) {
  TestBlocks blocks;
  blocks.Put(Block(1), {exec::OwnBytes("abc"), exec::OwnBytes("de")}).IgnoreError();
  blocks.Put(Block(2), {}).IgnoreError();
  InMemoryBlockTransport transport;
  transport.Register(kPeer, blocks);

  const Fetched fetched = FetchAll(transport, kPeer, {Block(1), Block(2), Block(3)});
  ASSERT_TRUE(fetched.status.ok()) << fetched.status;
  EXPECT_EQ(fetched.texts[0], "abcde");
  EXPECT_EQ(fetched.slices[0], 2u);
  EXPECT_EQ(fetched.slices[1], 1u) << "an empty block has one call";
  EXPECT_EQ(fetched.texts[1], "");
  EXPECT_TRUE(absl::IsNotFound(fetched.errors[2]));
  EXPECT_EQ(fetched.first_bytes[0], blocks.Get(Block(1))->front().view.data());
}

TEST(InMemoryBlocksTest, APeerThatIsNotRegisteredIsUnavailable) {
  TestBlocks blocks;
  InMemoryBlockTransport transport;
  EXPECT_TRUE(absl::IsUnavailable(FetchAll(transport, kPeer, {Block(1)}).status));
  transport.Register(kPeer, blocks);
  transport.SetPeer(kPeer, "");
  EXPECT_TRUE(FetchAll(transport, kPeer, {Block(1)}).status.ok());
  transport.Unregister(kPeer);
  EXPECT_TRUE(absl::IsUnavailable(transport.Put(kPeer, Block(1), {})));
}

TEST(InMemoryBlocksTest, AReaderMayEndTheFetch) {
  TestBlocks blocks;
  blocks.Put(Block(1), {exec::OwnBytes("a"), exec::OwnBytes("b")}).IgnoreError();
  InMemoryBlockTransport transport;
  transport.Register(kPeer, blocks);
  int calls = 0;
  const plan::BlockId ids[] = {Block(1)};
  const absl::Status status =
      transport.Fetch(kPeer, ids, [&](size_t, absl::StatusOr<exec::Bytes>, bool) { return ++calls > 1; });
  EXPECT_TRUE(absl::IsCancelled(status));
  EXPECT_EQ(calls, 1);
}

TEST(InMemoryBlocksTest, TestsMayMakeFetchesFail) {
  TestBlocks blocks;
  InMemoryBlockTransport transport;
  transport.Register(kPeer, blocks);
  transport.FailFetches([](ExecutorId, const plan::BlockId&) { return absl::UnavailableError("unplugged"); });
  EXPECT_TRUE(absl::IsUnavailable(FetchAll(transport, kPeer, {Block(1)}).status));
}

}  // namespace
}  // namespace millstream::rpc
