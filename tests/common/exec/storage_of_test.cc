#include <gtest/gtest.h>
#include <millstream/exec/storage_of.h>

#include <deque>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "tests/common/exec/codec_types.h"

namespace millstream::exec::test {
namespace {

using sv = std::string_view;
using str = std::string;

template <class View, class Owner>
constexpr bool kStoredAs = std::is_same_v<StorageOf<View>, Owner>&& std::is_same_v<StorageOf<Owner>, Owner>;

TEST(StorageOf, ReplacesViewsInsideContainers) {
  EXPECT_TRUE((kStoredAs<sv, str>));
  EXPECT_TRUE((kStoredAs<int, int>));
  EXPECT_TRUE((kStoredAs<std::pair<sv, int64_t>, std::pair<str, int64_t>>));
  EXPECT_TRUE((kStoredAs<std::tuple<int, sv, std::pair<sv, sv>>, std::tuple<int, str, std::pair<str, str>>>));
  EXPECT_TRUE((kStoredAs<std::optional<sv>, std::optional<str>>));
  EXPECT_TRUE((kStoredAs<std::variant<int, sv>, std::variant<int, str>>));
  EXPECT_TRUE((kStoredAs<std::vector<std::vector<sv>>, std::vector<std::vector<str>>>));
  EXPECT_TRUE((kStoredAs<std::array<sv, 3>, std::array<str, 3>>));
  EXPECT_TRUE((kStoredAs<std::map<sv, std::set<sv>>, std::map<str, std::set<str>>>));
  EXPECT_TRUE((kStoredAs<std::unordered_map<sv, sv>, std::unordered_map<str, str>>));
  EXPECT_TRUE((kStoredAs<std::unordered_set<sv>, std::unordered_set<str>>));
  EXPECT_TRUE((std::is_same_v<StorageOf<Order>, Order>));
}

TEST(StorageOf, HasViewCounterparts) {
  EXPECT_TRUE((std::is_same_v<ViewFor<str>, sv>));
  EXPECT_TRUE((std::is_same_v<ViewFor<std::pair<str, std::vector<str>>>, std::pair<sv, std::vector<sv>>>));
  EXPECT_TRUE((std::is_same_v<ViewFor<std::map<str, int>>, std::map<sv, int>>));
  EXPECT_TRUE((std::is_same_v<ViewFor<Order>, Order>));
  EXPECT_TRUE((std::is_same_v<ViewFor<int>, int>));
}

TEST(StorageOf, TellsWhereViewsAre) {
  EXPECT_TRUE(HasView<sv>);
  EXPECT_TRUE((HasView<std::map<int, std::optional<sv>>>));
  EXPECT_TRUE(HasView<Viewing>);
  EXPECT_FALSE(HasView<Order>);
  EXPECT_FALSE(HasView<Tree>);
  EXPECT_TRUE((CanStore<std::pair<sv, int>>));
  EXPECT_TRUE(CanStore<Order>);
  EXPECT_FALSE(CanStore<Viewing>);
  EXPECT_FALSE((CanStore<std::vector<std::pair<int, Viewing>>>));
}

template <class View>
void ExpectRoundTrip(const View& value) {
  const StorageOf<View> stored = ToStorage(value);
  EXPECT_TRUE(View(ViewOf<View>(stored)) == value);
}

TEST(StorageOf, ConvertsBothWays) {
  ExpectRoundTrip<sv>("a");
  ExpectRoundTrip(std::pair<sv, int64_t>("a", 1));
  ExpectRoundTrip(std::tuple<int, sv, std::pair<sv, sv>>(1, "a", {"b", "c"}));
  ExpectRoundTrip(std::optional<sv>("a"));
  ExpectRoundTrip(std::optional<sv>());
  ExpectRoundTrip(std::variant<int, sv>("a"));
  ExpectRoundTrip(std::variant<int, sv>(3));
  ExpectRoundTrip(std::vector<std::vector<sv>>{{"a", "b"}, {}});
  ExpectRoundTrip(std::deque<sv>{"a", "b"});
  ExpectRoundTrip(std::array<sv, 2>{"a", "b"});
  ExpectRoundTrip(std::map<sv, std::set<sv>>{{"a", {"b"}}, {"c", {}}});
  ExpectRoundTrip(std::unordered_map<sv, sv>{{"a", "b"}});
  ExpectRoundTrip(std::unordered_set<sv>{"a", "b"});
  ExpectRoundTrip(Order{.id = 1, .items = {"x"}});
}

TEST(StorageOf, OwnsWhatItKeeps) {
  str text = "gone";
  const auto stored = ToStorage(std::pair<sv, int>(text, 1));
  text = "poison";
  EXPECT_EQ(stored.first, "gone");
}

TEST(StorageOf, ViewsWithoutCopying) {
  const std::pair<str, int> stored("text", 1);
  EXPECT_EQ((ViewOf<std::pair<sv, int>>(stored).first.data()), stored.first.data());
  const std::vector<int> numbers = {1, 2};
  EXPECT_EQ(&ViewOf<std::vector<int>>(numbers), &numbers);
}

TEST(StorageOf, MovesWhatOwnsAlready) {
  std::vector<str> list = {str(100, 'x')};
  const char* text = list[0].data();
  const std::vector<str> stored = ToStorage(std::move(list));
  EXPECT_EQ(stored[0].data(), text);
}

}  // namespace
}  // namespace millstream::exec::test
