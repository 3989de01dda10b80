#include <gtest/gtest.h>
#include <millstream/exec/slice_writer.h>

#include <string>

namespace millstream::exec {
namespace {

std::string Joined(const Slices& slices) {
  std::string text;
  for (const Bytes& slice : slices) text += slice.view;
  return text;
}

TEST(SliceWriterTest, AnEmptyWriterHasNoSlices) {
  SliceWriter writer;
  writer.Append("");
  EXPECT_TRUE(writer.Take().empty());
}

TEST(SliceWriterTest, CutsAtRecordBoundariesBelowTheLimit) {
  SliceWriter writer;
  std::string all;
  for (int i = 0; i < 30000; ++i) {
    const std::string record = std::to_string(i) + std::string(static_cast<size_t>(i % 200), 'r') + "\n";
    writer.Append(record);
    all += record;
  }
  const Slices slices = writer.Take();
  EXPECT_EQ(slices.size(), all.size() / kSliceBytes + 1);
  for (const Bytes& slice : slices) {
    EXPECT_LE(slice.view.size(), kSliceBytes);
    EXPECT_EQ(slice.view.back(), '\n');
  }
  EXPECT_EQ(Joined(slices), all);
  EXPECT_EQ(TotalBytes(slices), all.size());
}

TEST(SliceWriterTest, ALongRecordIsASliceOfItsOwn) {
  SliceWriter writer;
  const std::string huge(3 * kSliceBytes + 7, 'h');
  writer.Append("before");
  writer.Append(huge);
  writer.Append("after");
  const Slices slices = writer.Take();
  ASSERT_EQ(slices.size(), 3u);
  EXPECT_EQ(slices[0].view, "before");
  EXPECT_EQ(slices[1].view, huge);
  EXPECT_EQ(slices[2].view, "after");
}

TEST(SliceWriterTest, ALargeReservationOfWhichLittleIsUsedDoesNotStretchTheSlice) {
  SliceWriter writer;
  writer.Reserve(4 * kSliceBytes)[0] = 'x';
  writer.Commit(1);
  for (int i = 0; i < 3000; ++i) writer.Append(std::string(1000, 'y'));
  for (const Bytes& slice : writer.Take()) EXPECT_LE(slice.view.size(), kSliceBytes);
}

TEST(SliceWriterTest, FinishedSlicesCanBeTakenOnTheWay) {
  SliceWriter writer(100);
  std::string all, taken;
  for (int i = 0; i < 50; ++i) {
    const std::string record(static_cast<size_t>(i), static_cast<char>('a' + i % 26));
    writer.Append(record);
    all += record;
    EXPECT_LE(writer.pending_bytes(), 100u);
    if (writer.has_finished()) taken += Joined(writer.TakeFinished());
  }
  EXPECT_EQ(taken + Joined(writer.Take()), all);
  EXPECT_TRUE(writer.Take().empty());
  writer.Append("again");
  EXPECT_EQ(Joined(writer.Take()), "again");
}

TEST(SliceWriterTest, SlicesOutliveTheWriterAndItsMoves) {
  Slices slices;
  {
    SliceWriter first;
    first.Append("kept");
    SliceWriter second(std::move(first));
    second.Append(" text");
    slices = second.Take();
  }
  EXPECT_EQ(Joined(slices), "kept text");
}

}  // namespace
}  // namespace millstream::exec
