#include <gtest/gtest.h>
#include <millstream/exec/codec.h>

#include <cmath>
#include <cstring>
#include <deque>
#include <limits>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "tests/common/exec/codec_types.h"

namespace millstream::exec::test {
namespace {

template <class T>
std::string Encoded(const T& value) {
  Encoder encoder;
  Codec<T>::Encode(value, encoder);
  return encoder.Take();
}

// Decodes from a block of exactly the right size, so that the address sanitizer sees any read beyond it.
template <class T>
bool Decodes(std::string_view bytes, T& value) {
  std::unique_ptr<char[]> exact(new char[bytes.size()]);
  if (!bytes.empty()) std::memcpy(exact.get(), bytes.data(), bytes.size());
  Decoder decoder(std::string_view(exact.get(), bytes.size()));
  return Codec<T>::Decode(decoder, value) && decoder.empty();
}

template <class T>
void ExpectRoundTrip(const T& value) {
  static_assert(HasCodec<T>);
  const std::string bytes = Encoded(value);
  T decoded{};
  ASSERT_TRUE(Decodes(bytes, decoded));
  EXPECT_TRUE(decoded == value);
  EXPECT_EQ(Encoded(decoded), bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    T partial{};
    EXPECT_FALSE(Decodes(std::string_view(bytes).substr(0, size), partial)) << size << " of " << bytes.size();
  }
}

TEST(Codec, RoundTripsScalarsAndRefusesEveryPrefix) {
  ExpectRoundTrip(true);
  ExpectRoundTrip(int8_t{-5});
  ExpectRoundTrip('x');
  ExpectRoundTrip(uint16_t{65535});
  ExpectRoundTrip(std::numeric_limits<int64_t>::min());
  ExpectRoundTrip(1.25f);
  ExpectRoundTrip(-1e300);
  ExpectRoundTrip(Color::kBlue);
  ExpectRoundTrip(std::monostate());
}

TEST(Codec, RoundTripsTextsOfAllShortAndSomeLongLengths) {
  for (size_t size : {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 127, 128, 129, 300, 20000}) {
    std::string text(size, 'a');
    for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + 7);
    std::string decoded;
    ASSERT_TRUE(Decodes(Encoded(text), decoded));
    EXPECT_EQ(decoded, text);
    EXPECT_EQ(Encoded(std::string_view(text)), Encoded(text));
    if (size <= 300) ExpectRoundTrip(text);
  }
}

TEST(Codec, DecodesViewsIntoTheBuffer) {
  const std::string bytes = Encoded(std::pair<std::string, int64_t>("word", 3));
  std::pair<std::string_view, int64_t> row;
  Decoder decoder(bytes);
  ASSERT_TRUE((Codec<std::pair<std::string_view, int64_t>>::Decode(decoder, row)));
  EXPECT_EQ(row, (std::pair<std::string_view, int64_t>("word", 3)));
  EXPECT_EQ(row.first.data(), bytes.data() + 1);
}

TEST(Codec, RoundTripsNestedContainers) {
  ExpectRoundTrip(std::pair<std::string, int64_t>("a", 1));
  ExpectRoundTrip(std::tuple<int, std::string, double>(1, "b", 0.5));
  ExpectRoundTrip(std::tuple<>());
  ExpectRoundTrip(std::optional<std::string>("c"));
  ExpectRoundTrip(std::optional<std::string>());
  ExpectRoundTrip(std::variant<int, std::string, std::vector<int>>(std::vector<int>{1, 2, 3}));
  ExpectRoundTrip(std::vector<int64_t>{1, -1, 1 << 30});
  ExpectRoundTrip(std::vector<bool>{true, false, true});
  ExpectRoundTrip(std::vector<double>{1.5, 2.5});
  ExpectRoundTrip(std::deque<std::string>{"x", "yy"});
  ExpectRoundTrip(std::array<std::string, 2>{"p", "q"});
  ExpectRoundTrip(std::array<int, 0>{});
  ExpectRoundTrip(
      std::map<std::string, std::vector<std::optional<int>>>{{"k", {1, std::nullopt}}, {"l", {}}});
  ExpectRoundTrip(std::set<std::pair<int, std::string>>{{1, "a"}, {2, "b"}});
  ExpectRoundTrip(std::multimap<int, int>{{1, 1}, {1, 2}});
  ExpectRoundTrip(std::unordered_map<std::string, std::map<int, int>>{{"m", {{1, 2}}}, {"n", {}}});
  ExpectRoundTrip(std::unordered_set<int64_t>{5, 4, 3});
}

TEST(Codec, RoundTripsAggregates) {
  Order order{
      .id = 42, .items = {"a", "bb"}, .place = {1.5, -2}, .code = {'x', 'y', 'z', 'w'}, .color = Color::kRed};
  ExpectRoundTrip(order);
  ExpectRoundTrip(Tree{1, {Tree{2, {}}, Tree{3, {Tree{4, {}}}}}});
  ExpectRoundTrip(std::vector<Point>{{1, 2}, {3, 4}});
}

TEST(Codec, CountsThirtyTwoFieldsAndRefusesMore) {
  static_assert(kFieldCount<Wide32> == 32);
  static_assert(kFieldCount<Order> == 5);
  static_assert(kFieldCount<const Point> == 2);
  ExpectRoundTrip(Wide32{});
  EXPECT_FALSE(HasCodec<Wide33>);
}

TEST(Codec, RoundTripsUserTypesAndMessages) {
  ExpectRoundTrip(Money(1234));
  ExpectRoundTrip(std::vector<std::pair<Money, int>>{{Money(1), 2}});
  Message message;
  message.payload = "some bytes";
  Message decoded;
  ASSERT_TRUE(Decodes(Encoded(message), decoded));
  EXPECT_EQ(decoded.payload, message.payload);
  message.payload = "refused by its parser!";
  EXPECT_FALSE(Decodes(Encoded(message), decoded));
}

TEST(Codec, TellsWhatHasNoCodecWithoutAnError) {
  EXPECT_FALSE(HasCodec<int*>);
  EXPECT_FALSE(HasCodec<int&>);
  EXPECT_FALSE(HasCodec<const int>);
  EXPECT_FALSE(HasCodec<void>);
  EXPECT_FALSE(HasCodec<int()>);
  EXPECT_FALSE(HasCodec<const char*>);
  EXPECT_FALSE(HasCodec<long double>);
  EXPECT_FALSE(HasCodec<std::unique_ptr<int>>);
  EXPECT_FALSE(HasCodec<std::shared_ptr<int>>);
  EXPECT_FALSE(HasCodec<Opaque>);
  EXPECT_FALSE(HasCodec<HoldsPointer>);
  EXPECT_FALSE(HasCodec<HoldsReference>);
  EXPECT_FALSE(HasCodec<HoldsConst>);
  EXPECT_FALSE(HasCodec<Derived>);
  EXPECT_FALSE((HasCodec<std::map<std::string, std::vector<HoldsPointer>>>));
  EXPECT_FALSE((HasCodec<std::variant<int, std::tuple<std::optional<Opaque>>>>));
  EXPECT_TRUE((HasCodec<std::map<std::string, std::vector<Order>>>));
  EXPECT_TRUE(HasCodec<Tree>);
}

TEST(Codec, NamesTheInnermostTypeWithoutCodec) {
  using Outer = std::map<std::string, std::vector<std::pair<int, HoldsPointer>>>;
  using Found = decltype(FindPartWithoutCodec<Outer>())::Type;
  EXPECT_TRUE((std::is_same_v<Found, const int*>));
  EXPECT_TRUE((std::is_same_v<decltype(FindPartWithoutCodec<std::optional<Opaque>>())::Type, Opaque>));
  EXPECT_TRUE((std::is_same_v<decltype(FindPartWithoutCodec<TreeOfPointers>())::Type, int*>));
}

TEST(Codec, WritesEqualFloatsAlike) {
  EXPECT_EQ(Encoded(-0.0), Encoded(0.0));
  EXPECT_EQ(Encoded(-0.0f), Encoded(0.0f));
  EXPECT_EQ(Encoded(std::nan("1")), Encoded(-std::nan("2")));
  EXPECT_EQ(Encoded(std::nanf("1")), Encoded(-std::nanf("2")));
  EXPECT_EQ(Encoded(std::vector<double>{-0.0}), Encoded(std::vector<double>{0.0}));
  EXPECT_EQ(Encoded(Point{-0.0, 1}), Encoded(Point{0.0, 1}));
  double decoded = 0;
  ASSERT_TRUE(Decodes(Encoded(std::nan("")), decoded));
  EXPECT_TRUE(std::isnan(decoded));
}

TEST(Codec, WritesUnorderedContainersInOneOrder) {
  std::unordered_map<std::string, int> forward(2), backward(1024);
  std::unordered_set<std::string> few(1), many(4096);
  for (int i = 0; i < 100; ++i) {
    forward[std::to_string(i)] = i;
    backward[std::to_string(99 - i)] = 99 - i;
    few.insert(std::to_string(i));
    many.insert(std::to_string(99 - i));
  }
  EXPECT_EQ(Encoded(forward), Encoded(backward));
  EXPECT_EQ(Encoded(few), Encoded(many));
}

TEST(Codec, WritesIntegersInLittleEndian) {
  EXPECT_EQ(Encoded(int32_t{0x01020304}), std::string("\x04\x03\x02\x01", 4));
  EXPECT_EQ(Encoded(std::pair<std::string, int16_t>("ab", 1)), std::string("\x02\x61\x62\x01\x00", 5));
}

TEST(Codec, RefusesMalformedBytes) {
  bool flag = false;
  EXPECT_FALSE(Decodes("\x02", flag));
  std::optional<int> optional;
  EXPECT_FALSE(Decodes(std::string_view("\x02\0\0\0\0", 5), optional));
  std::variant<int, bool> variant;
  EXPECT_FALSE(Decodes(std::string_view("\x02\x01", 2), variant));
  std::string text;
  EXPECT_FALSE(Decodes("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01text", text));
  std::vector<int64_t> numbers;
  EXPECT_FALSE(Decodes("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", numbers));
  std::vector<std::string> texts;
  EXPECT_FALSE(Decodes("\xff\xff\xff\xff\xff\xff\xff\xff\x7f", texts));
  std::map<std::string, int> map;
  EXPECT_FALSE(Decodes("\xff\xff\xff\xff\x7f", map));
}

TEST(Codec, DecodesIntoUsedValues) {
  std::vector<std::string> list = {"old", "older"};
  ASSERT_TRUE(Decodes(Encoded(std::vector<std::string>{"new"}), list));
  EXPECT_EQ(list, std::vector<std::string>{"new"});
  std::map<int, int> map = {{1, 1}};
  ASSERT_TRUE(Decodes(Encoded(std::map<int, int>{{2, 2}}), map));
  EXPECT_EQ(map, (std::map<int, int>{{2, 2}}));
  std::optional<int> optional = 3;
  ASSERT_TRUE(Decodes(Encoded(std::optional<int>()), optional));
  EXPECT_EQ(optional, std::nullopt);
}

}  // namespace
}  // namespace millstream::exec::test
