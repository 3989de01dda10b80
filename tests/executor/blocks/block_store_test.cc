#include "executor/blocks/block_store.h"

#include <gtest/gtest.h>
#include <millstream/exec/memory.h>

#include <filesystem>

#include "tests/executor/support/test_cluster.h"

namespace millstream::executor {
namespace {

using Kind = plan::BlockId::Kind;

class BlockStoreTest : public testing::Test {
 protected:
  void Open(size_t budget) {
    memory_ = std::make_shared<MemoryAccountant>(budget);
    store_ =
        std::make_unique<BlockStore>(memory_, std::make_shared<SlabPool>(size_t{4} << 20), directory_.path());
  }
  static exec::Bytes Slice(char fill, size_t size = exec::kSliceBytes) {
    return exec::OwnBytes(std::string(size, fill));
  }
  std::string ContentOf(const plan::BlockId& id) {
    std::unique_ptr<exec::SliceStream> slices = store_->Open(id);
    if (slices == nullptr) return "not kept";
    std::string text;
    exec::Bytes slice;
    while (slices->Next(slice)) text += slice.view;
    return text;
  }

  TemporaryDirectory directory_;
  std::shared_ptr<MemoryAccountant> memory_;
  std::unique_ptr<BlockStore> store_;
};

const plan::BlockId kInput{Kind::kReceived, 0, 7, 0};

TEST_F(BlockStoreTest, WhatIsPutIsGotUntilItIsDropped) {
  Open(size_t{8} << 20);
  ASSERT_TRUE(store_->Put(kInput, {Slice('a', 3), Slice('b', 2)}, StorageLevel::kMemoryOnly).ok());
  EXPECT_EQ(ContentOf(kInput), "aaabb");
  EXPECT_EQ(memory_->used(), 5u);
  store_->Drop(kInput);
  EXPECT_EQ(store_->Open(kInput), nullptr);
  EXPECT_TRUE(absl::IsNotFound(store_->Get(kInput).status()));
  EXPECT_EQ(memory_->used(), 0u);
}

TEST_F(BlockStoreTest, BlocksBeyondTheBudgetGoToDiskAndComeBack) {
  Open(size_t{4} << 20);
  for (uint64_t b = 0; b < 16; ++b) {
    ASSERT_TRUE(
        store_->Put({Kind::kRdd, 1, b, 0}, {Slice(static_cast<char>('a' + b))}, StorageLevel::kMemoryAndDisk)
            .ok());
    EXPECT_LE(memory_->used(), memory_->limit());
  }
  for (uint64_t b = 0; b < 16; ++b) {
    EXPECT_EQ(ContentOf({Kind::kRdd, 1, b, 0}), std::string(exec::kSliceBytes, static_cast<char>('a' + b)));
  }
  store_->DropRdd(1);
  EXPECT_EQ(memory_->used(), 0u);
  EXPECT_EQ(store_->block_count(), 0u);
}

TEST_F(BlockStoreTest, TheLeastRecentlyUsedBlockLeavesMemoryFirst) {
  Open(size_t{4} << 20);
  const auto put = [&](uint64_t rdd) {
    return store_->Put({Kind::kRdd, rdd, 0, 0}, {Slice('x')}, StorageLevel::kMemoryOnly).ok();
  };
  for (uint64_t rdd = 0; rdd < 4; ++rdd) ASSERT_TRUE(put(rdd));
  ContentOf({Kind::kRdd, 0, 0, 0});
  ASSERT_TRUE(put(4));
  EXPECT_TRUE(store_->Contains({Kind::kRdd, 0, 0, 0}));
  EXPECT_FALSE(store_->Contains({Kind::kRdd, 1, 0, 0}));
  EXPECT_TRUE(store_->Contains({Kind::kRdd, 2, 0, 0}));
}

TEST_F(BlockStoreTest, APartitionKeptInMemoryOnlyDoesNotPushOutItsOwnRdd) {
  Open(size_t{2} << 20);
  ASSERT_TRUE(store_->Put({Kind::kRdd, 1, 0, 0}, {Slice('a')}, StorageLevel::kMemoryOnly).ok());
  ASSERT_TRUE(store_->Put({Kind::kRdd, 1, 1, 0}, {Slice('b')}, StorageLevel::kMemoryOnly).ok());
  EXPECT_TRUE(
      absl::IsResourceExhausted(store_->Put({Kind::kRdd, 1, 2, 0}, {Slice('c')}, StorageLevel::kMemoryOnly)));
  EXPECT_TRUE(store_->Contains({Kind::kRdd, 1, 0, 0}));
  EXPECT_TRUE(store_->Contains({Kind::kRdd, 1, 1, 0}));
}

TEST_F(BlockStoreTest, ReceivedBlocksAreNeverForgotten) {
  Open(size_t{1} << 20);
  ASSERT_TRUE(store_->Put(kInput, {Slice('a')}, StorageLevel::kMemoryOnly).ok());
  EXPECT_FALSE(memory_->Reserve(1));
  EXPECT_EQ(ContentOf(kInput).size(), exec::kSliceBytes);
}

TEST_F(BlockStoreTest, DiskOnlyBlocksTakeNoMemory) {
  Open(size_t{1} << 20);
  ASSERT_TRUE(store_->Put(kInput, {Slice('d')}, StorageLevel::kDiskOnly).ok());
  EXPECT_EQ(memory_->used(), 0u);
  EXPECT_EQ(ContentOf(kInput), std::string(exec::kSliceBytes, 'd'));
}

TEST_F(BlockStoreTest, ATableIsGrantedMemoryThatBlocksHold) {
  Open(size_t{8} << 20);
  for (uint64_t m = 0; m < 8; ++m) {
    BlockHandle block = store_->NewBlock({Kind::kShuffle, 1, m, 0}, StorageLevel::kMemoryAndDisk);
    ASSERT_TRUE(store_->Append(block, Slice(static_cast<char>('a' + m))).ok());
    store_->KeepShuffle(1, m, {block});
  }
  EXPECT_EQ(memory_->used(), memory_->limit());
  exec::Reservation table(memory_.get());
  for (size_t mib = 1; mib <= 8; ++mib) EXPECT_TRUE(table.Resize(mib << 20)) << mib;
  EXPECT_EQ(ContentOf({Kind::kShuffle, 1, 3, 0}), std::string(exec::kSliceBytes, 'd'));
}

TEST_F(BlockStoreTest, SlicesThatAreReadStayCountedUntilTheirReaderIsDone) {
  Open(size_t{2} << 20);
  ASSERT_TRUE(store_->Put(kInput, {Slice('a')}, StorageLevel::kMemoryAndDisk).ok());
  exec::Slices pinned = *store_->Get(kInput);
  store_->Drop(kInput);
  EXPECT_EQ(memory_->used(), exec::kSliceBytes);
  EXPECT_EQ(pinned[0].view[0], 'a');
  pinned.clear();
  EXPECT_EQ(memory_->used(), 0u);
}

TEST_F(BlockStoreTest, ABlockThatGrowsIsFoundOnceItIsKept) {
  Open(size_t{2} << 20);
  BlockHandle block = store_->NewBlock({Kind::kResult, 1, 0, 0}, StorageLevel::kMemoryAndDisk);
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(store_->Append(block, Slice(static_cast<char>('a' + i))).ok());
  EXPECT_FALSE(store_->Contains({Kind::kResult, 1, 0, 0}));
  store_->Keep(std::move(block));
  EXPECT_EQ(ContentOf({Kind::kResult, 1, 0, 0}).size(), 6 * exec::kSliceBytes);
}

TEST_F(BlockStoreTest, AnAbandonedBlockLeavesNothing) {
  Open(size_t{2} << 20);
  {
    BlockHandle block = store_->NewBlock({Kind::kResult, 1, 0, 0}, StorageLevel::kMemoryAndDisk);
    ASSERT_TRUE(store_->Append(block, Slice('a')).ok());
  }
  EXPECT_EQ(memory_->used(), 0u);
  EXPECT_EQ(store_->block_count(), 0u);
}

TEST_F(BlockStoreTest, ALaterAttemptReplacesTheOutputOfAnEarlierOne) {
  Open(size_t{8} << 20);
  for (char attempt : {'1', '2'}) {
    BlockHandle block = store_->NewBlock({Kind::kShuffle, 5, 0, 1}, StorageLevel::kMemoryAndDisk);
    ASSERT_TRUE(store_->Append(block, Slice(attempt, 4)).ok());
    store_->KeepShuffle(5, 0, {nullptr, block});
  }
  EXPECT_EQ(ContentOf({Kind::kShuffle, 5, 0, 1}), "2222");
  EXPECT_EQ(ContentOf({Kind::kShuffle, 5, 0, 0}), "");
  EXPECT_EQ(ContentOf({Kind::kShuffle, 5, 0, 2}), "not kept");
  store_->DropShuffle(5);
  EXPECT_EQ(ContentOf({Kind::kShuffle, 5, 0, 1}), "not kept");
  EXPECT_EQ(memory_->used(), 0u);
}

TEST_F(BlockStoreTest, AReaderOutlivesTheDropOfItsBlock) {
  Open(size_t{2} << 20);
  ASSERT_TRUE(store_->Put(kInput, {Slice('a'), Slice('b'), Slice('c')}, StorageLevel::kMemoryAndDisk).ok());
  std::unique_ptr<exec::SliceStream> slices = store_->Open(kInput);
  store_->Drop(kInput);
  exec::Bytes slice;
  for (char expected : {'a', 'b', 'c'}) {
    ASSERT_TRUE(slices->Next(slice));
    EXPECT_EQ(slice.view[0], expected);
  }
  EXPECT_FALSE(slices->Next(slice));
}

TEST_F(BlockStoreTest, SpillFilesHaveNoNames) {
  Open(size_t{1} << 20);
  ASSERT_TRUE(store_->Put(kInput, {Slice('a'), Slice('b'), Slice('c')}, StorageLevel::kMemoryAndDisk).ok());
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

}  // namespace
}  // namespace millstream::executor
