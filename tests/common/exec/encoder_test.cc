#include <gtest/gtest.h>
#include <millstream/exec/encoder.h>

#include <limits>
#include <utility>

namespace millstream::exec {
namespace {

TEST(Encoder, GrowsAndKeepsWhatWasWritten) {
  Encoder encoder;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece(i % 37, static_cast<char>('a' + i % 26));
    encoder.PutBytes(piece);
    expected += piece;
  }
  EXPECT_EQ(encoder.view(), expected);
  EXPECT_EQ(encoder.size(), expected.size());
  encoder.Truncate(5);
  EXPECT_EQ(encoder.view(), expected.substr(0, 5));
  EXPECT_EQ(encoder.Take(), expected.substr(0, 5));
  EXPECT_TRUE(encoder.empty());
}

TEST(Encoder, MovesItsBytes) {
  Encoder from;
  from.PutBytes("abc");
  Encoder to = std::move(from);
  EXPECT_EQ(to.view(), "abc");
  Encoder assigned;
  assigned.PutBytes("x");
  assigned = std::move(to);
  EXPECT_EQ(assigned.view(), "abc");
}

TEST(Decoder, ReadsVarintsOfEveryLengthAndRefusesPrefixes) {
  for (int bits = 0; bits <= 64; ++bits) {
    const uint64_t value = bits == 64 ? std::numeric_limits<uint64_t>::max() : (uint64_t{1} << bits) - 1;
    Encoder encoder;
    encoder.PutVarint(value);
    Decoder decoder(encoder.view());
    uint64_t decoded = 0;
    ASSERT_TRUE(decoder.GetVarint(decoded));
    EXPECT_EQ(decoded, value);
    EXPECT_TRUE(decoder.empty());
    Decoder short_of_one(encoder.view().substr(0, encoder.size() - 1));
    EXPECT_FALSE(short_of_one.GetVarint(decoded));
  }
}

TEST(Decoder, RefusesVarintsOfMoreThan64Bits) {
  uint64_t value = 0;
  EXPECT_FALSE(Decoder("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02").GetVarint(value));
  EXPECT_FALSE(Decoder("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").GetVarint(value));
}

TEST(Decoder, NeverReadsBeyondTheEnd) {
  Decoder decoder("abc");
  std::string_view bytes;
  EXPECT_FALSE(decoder.GetBytes(4, bytes));
  EXPECT_FALSE(decoder.GetBytes(std::numeric_limits<size_t>::max(), bytes));
  ASSERT_TRUE(decoder.GetBytes(2, bytes));
  EXPECT_EQ(bytes, "ab");
  EXPECT_EQ(decoder.remaining(), 1u);
  int number = 0;
  EXPECT_FALSE(decoder.GetFixed(&number, sizeof(number)));
}

}  // namespace
}  // namespace millstream::exec
