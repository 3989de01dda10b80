#include "executor/receivers/line_blocks.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace millstream::executor {
namespace {

class LineBlocksTest : public testing::Test {
 protected:
  void Open(size_t max_record_bytes = size_t{16} << 20) {
    lines_ = std::make_unique<LineBlocks>(*slabs_, nullptr, max_record_bytes,
                                          [this](exec::Bytes block) { blocks_.emplace_back(block.view); });
  }
  void Receive(std::string_view text) {
    while (!text.empty()) {
      const std::span<char> space = lines_->Space();
      const size_t size = std::min(space.size(), text.size());
      std::memcpy(space.data(), text.data(), size);
      lines_->Filled(size);
      text.remove_prefix(size);
    }
  }
  std::string All() const {
    std::string all;
    for (const std::string& block : blocks_) all += block;
    return all;
  }
  using Blocks = std::vector<std::string>;

  std::shared_ptr<SlabPool> slabs_ = std::make_shared<SlabPool>(0);
  std::unique_ptr<LineBlocks> lines_;
  Blocks blocks_;
};

TEST_F(LineBlocksTest, ACutEmitsWholeLinesAndKeepsTheRest) {
  Open();
  Receive("one\ntwo\nthr");
  EXPECT_TRUE(blocks_.empty());
  lines_->Cut();
  Receive("ee\n");
  lines_->Cut();
  EXPECT_EQ(blocks_, (Blocks{"one\ntwo\n", "three\n"}));
}

TEST_F(LineBlocksTest, NothingIsEmittedWithoutALineEnd) {
  Open();
  lines_->Cut();
  Receive("half");
  lines_->Cut();
  EXPECT_TRUE(blocks_.empty());
}

TEST_F(LineBlocksTest, TheEndDeliversAnUnterminatedLine) {
  Open();
  Receive("one\nlast");
  lines_->End();
  EXPECT_EQ(All(), "one\nlast");
  lines_->End();
  EXPECT_EQ(All(), "one\nlast");
}

TEST_F(LineBlocksTest, BytesPassThroughUnchanged) {
  Open();
  const std::string text("\0\xff\xfe\r\n\n\x80 \0\n", 10);
  Receive(text);
  lines_->Cut();
  EXPECT_EQ(All(), text);
}

TEST_F(LineBlocksTest, ManyLinesBecomeBlocksOfAtMostOneMebibyte) {
  Open();
  std::string text;
  for (int i = 0; text.size() < (size_t{5} << 20); ++i)
    text += std::string(static_cast<size_t>(i % 90), 'x') + "\n";
  Receive(text);
  lines_->Cut();
  EXPECT_EQ(All(), text);
  for (const std::string& block : blocks_) {
    EXPECT_LE(block.size(), exec::kSliceBytes);
    EXPECT_EQ(block.back(), '\n');
  }
}

TEST_F(LineBlocksTest, ALineLongerThanABlockIsABlockOfItsOwn) {
  Open();
  const std::string line = std::string(size_t{5} << 20, 'y') + "\n";
  Receive("before\n" + line + "after\n");
  lines_->Cut();
  EXPECT_EQ(blocks_, (Blocks{"before\n", line, "after\n"}));
}

TEST_F(LineBlocksTest, ALongLineAtTheEndNeedsNoLineEnd) {
  Open();
  const std::string line(size_t{3} << 20, 'y');
  Receive(line);
  lines_->Cut();
  lines_->End();
  EXPECT_EQ(blocks_, (Blocks{line}));
}

TEST_F(LineBlocksTest, LinesOverTheLimitAreDroppedAndCounted) {
  Open(size_t{2} << 20);
  Receive("before\n" + std::string(size_t{64} << 20, 'z') + "\nafter\n");
  lines_->Cut();
  EXPECT_EQ(All(), "before\nafter\n");
  EXPECT_EQ(lines_->TakeDropped(), 1u);
  EXPECT_EQ(lines_->TakeDropped(), 0u);
}

TEST_F(LineBlocksTest, ALineOfExactlyTheLimitIsKept) {
  for (const size_t limit : {size_t{10}, size_t{1} << 20, (size_t{3} << 20) + 5}) {
    Open(limit);
    blocks_.clear();
    const std::string kept = std::string(limit, 'k') + "\n";
    Receive("a\n" + kept + std::string(limit + 1, 'd') + "\nb\n");
    lines_->End();
    EXPECT_EQ(All().size(), kept.size() + 4) << limit;
    EXPECT_EQ(lines_->TakeDropped(), 1u) << limit;
  }
}

TEST_F(LineBlocksTest, AnUnterminatedLineOverTheLimitIsDroppedAtTheEnd) {
  Open(10);
  Receive("ok\n12345678901");
  lines_->End();
  EXPECT_EQ(All(), "ok\n");
  EXPECT_EQ(lines_->TakeDropped(), 1u);
  Receive("next\n");
  lines_->End();
  EXPECT_EQ(All(), "ok\nnext\n");
}

TEST_F(LineBlocksTest, AForgottenLineDoesNotJoinTheNextOne) {
  Open();
  Receive("whole\nhal");
  lines_->Cut();
  lines_->Forget();
  Receive("new\n");
  lines_->Cut();
  EXPECT_EQ(All(), "whole\nnew\n");
}

TEST_F(LineBlocksTest, HowTheBytesArriveMakesNoDifference) {
  std::string text;
  for (size_t i = 0; i < 3000; ++i)
    text += std::string(i * 7919 % 40, static_cast<char>('a' + i % 26)) + "\n";
  std::string expected;
  for (const size_t piece : {text.size(), size_t{1}, size_t{7}, size_t{1000}}) {
    Open(30);
    blocks_.clear();
    for (size_t at = 0, n = 0; at < text.size(); at += piece, ++n) {
      Receive(std::string_view(text).substr(at, piece));
      if (n % 5 == 0) lines_->Cut();
    }
    lines_->End();
    if (expected.empty()) expected = All();
    EXPECT_EQ(All(), expected) << piece;
  }
}

}  // namespace
}  // namespace millstream::executor
