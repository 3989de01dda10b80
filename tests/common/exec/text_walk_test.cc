#include <gtest/gtest.h>
#include <millstream/exec/text_walk.h>

#include <cstring>
#include <set>
#include <tuple>
#include <unordered_map>

#include "tests/common/exec/codec_types.h"

namespace millstream::exec::test {
namespace {

template <class T>
std::vector<std::string> TextsIn(const T& value) {
  std::vector<std::string> texts;
  ForEachText(value, [&texts](const char* data, size_t size) { texts.emplace_back(data, size); });
  return texts;
}

using Texts = std::vector<std::string>;

TEST(ForEachText, FindsTextsInEveryShape) {
  EXPECT_EQ(TextsIn(std::string("a")), Texts{"a"});
  EXPECT_EQ(TextsIn(std::string_view("a")), Texts{"a"});
  EXPECT_EQ(TextsIn(7), Texts{});
  EXPECT_EQ(TextsIn(Order{.items = {"a", "b"}}), (Texts{"a", "b"}));
  EXPECT_EQ(TextsIn(Viewing{"v", 1}), Texts{"v"});
  EXPECT_EQ(TextsIn(std::tuple<int, std::string, std::optional<std::string_view>>(1, "a", "b")),
            (Texts{"a", "b"}));
  EXPECT_EQ(TextsIn(std::optional<std::string>()), Texts{});
  EXPECT_EQ(TextsIn(std::variant<int, std::string>("a")), Texts{"a"});
  EXPECT_EQ(TextsIn(std::variant<int, std::string>(1)), Texts{});
  EXPECT_EQ(TextsIn(std::map<std::string, std::vector<std::string>>{{"k", {"v", "w"}}}),
            (Texts{"k", "v", "w"}));
  EXPECT_EQ(TextsIn(std::set<std::pair<int, std::string_view>>{{1, "a"}}), Texts{"a"});
  EXPECT_EQ(TextsIn(std::array<std::string_view, 2>{"a", "b"}), (Texts{"a", "b"}));
  EXPECT_EQ(TextsIn(std::vector<bool>{true}), Texts{});
}

struct Overwrite {
  void operator()(char* data, size_t size) const { std::memset(data, 'x', size); }
  void operator()(const char*, size_t) const {}
};

TEST(ForEachText, LetsStringsBeChangedInPlace) {
  std::pair<std::string, std::map<std::string, std::variant<int, std::string>>> value("ab", {{"key", "cd"}});
  ForEachText(value, Overwrite{});
  EXPECT_EQ(value.first, "xx");
  EXPECT_EQ(std::get<std::string>(value.second.at("key")), "xx");
}

}  // namespace
}  // namespace millstream::exec::test
