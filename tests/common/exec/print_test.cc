#include <gtest/gtest.h>
#include <millstream/exec/print.h>

#include <limits>
#include <set>
#include <tuple>

#include "tests/common/exec/codec_types.h"

namespace millstream::exec::test {
namespace {

template <class T>
std::string Text(const T& value) {
  std::string text;
  AppendText(text, value);
  return text;
}

TEST(AppendText, PrintsScalars) {
  EXPECT_EQ(Text(-5), "-5");
  EXPECT_EQ(Text(std::numeric_limits<uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(Text(std::numeric_limits<int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(Text('c'), "c");
  EXPECT_EQ(Text(int8_t{7}), "7");
  EXPECT_EQ(Text(uint8_t{200}), "200");
  EXPECT_EQ(Text(true), "true");
  EXPECT_EQ(Text(Color::kBlue), "-2");
  EXPECT_EQ(Text("literal"), "literal");
}

TEST(AppendText, PrintsDoublesWithTheFewestDigits) {
  EXPECT_EQ(Text(1.0), "1.0");
  EXPECT_EQ(Text(-0.0), "-0.0");
  EXPECT_EQ(Text(0.1), "0.1");
  EXPECT_EQ(Text(0.1f), "0.1");
  EXPECT_EQ(Text(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(Text(100000.0), "100000.0");
  EXPECT_EQ(Text(9999999.5), "9999999.5");
  EXPECT_EQ(Text(1e7), "1.0E7");
  EXPECT_EQ(Text(12345678.9), "1.23456789E7");
  EXPECT_EQ(Text(0.001), "0.001");
  EXPECT_EQ(Text(0.00012), "1.2E-4");
  EXPECT_EQ(Text(-1e300), "-1.0E300");
  EXPECT_EQ(Text(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(Text(-std::numeric_limits<double>::infinity()), "-Infinity");
}

TEST(AppendText, PrintsPairsOptionalsAndRanges) {
  EXPECT_EQ(Text(std::pair("a", 1)), "(a,1)");
  EXPECT_EQ(Text(std::pair("k", std::pair(1, 2.0))), "(k,(1,2.0))");
  EXPECT_EQ(Text(std::tuple<int, std::string_view, bool>(1, "b", false)), "(1,b,false)");
  EXPECT_EQ(Text(std::tuple<int>(1)), "(1)");
  EXPECT_EQ(Text(std::monostate()), "()");
  EXPECT_EQ(Text(std::optional<int>(3)), "Some(3)");
  EXPECT_EQ(Text(std::optional<std::pair<int, int>>()), "None");
  EXPECT_EQ(Text(std::vector<std::string>{"a", "b"}), "[a, b]");
  EXPECT_EQ(Text(std::vector<bool>{true, false}), "[true, false]");
  EXPECT_EQ(Text(std::vector<int>{}), "[]");
  EXPECT_EQ(Text(std::map<std::string, int>{{"a", 1}, {"b", 2}}), "[(a,1), (b,2)]");
  EXPECT_EQ(Text(std::set<int>{2, 1}), "[1, 2]");
  EXPECT_EQ(Text(std::variant<int, std::string>("x")), "x");
}

TEST(AppendText, PrintsAggregatesWithTheirName) {
  EXPECT_EQ(Text(Point{1, 2.5}), "Point(1.0,2.5)");
  EXPECT_EQ(Text(Tree{1, {Tree{2, {}}}}), "Tree(1,[Tree(2,[])])");
  EXPECT_EQ(Text(Money(5)), "5 cents");
  EXPECT_EQ(Text(Opaque(5)), "Opaque");
  Message message;
  message.payload = "p";
  EXPECT_EQ(Text(message), "payload: p");
}

}  // namespace
}  // namespace millstream::exec::test
