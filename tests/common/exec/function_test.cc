#include <gtest/gtest.h>
#include <millstream/exec/function.h>

#include <functional>

#include "tests/common/exec/codec_types.h"

namespace millstream::exec::test {
namespace {

struct Above {
  int64_t limit = 0;
  bool operator()(int64_t n) const { return n > limit; }
};

struct StartsWith {
  std::string_view prefix;
  bool operator()(std::string_view text) const { return text.starts_with(prefix); }
};

int Twice(int n) { return 2 * n; }
const std::string kKept;
std::string_view Itself(std::string) { return kKept; }

template <class F>
F Travel(const F& function) {
  static_assert(ShippableFunction<F>);
  Encoder encoder;
  EncodeFunction(function, encoder);
  Decoder decoder(encoder.view());
  F arrived{};
  EXPECT_TRUE(DecodeFunction(decoder, arrived));
  EXPECT_TRUE(decoder.empty());
  return arrived;
}

TEST(Function, TravelsIfItCapturesNothing) {
  auto lambda = [](int n) { return n + 1; };
  EXPECT_EQ(Travel(lambda)(1), 2);
  EXPECT_EQ(Travel(Fn<&Twice>)(4), 8);
  EXPECT_TRUE(kShippable<std::plus<>>);
}

TEST(Function, TravelsAsAStructWithFields) {
  const Above arrived = Travel(Above{10});
  EXPECT_TRUE(arrived(11));
  EXPECT_FALSE(arrived(10));
}

TEST(Function, TravelsWithNamedState) {
  const int64_t limit = 5;
  const std::string suffix = "!";
  auto bound = With(limit, suffix, "literal", std::string_view("view"), Order{.id = 3},
                    [](int64_t n, const std::string& s, std::string_view literal, const std::string& view,
                       const Order& order, int64_t row) {
                      return std::to_string(n + row + order.id) + s + std::string(literal) + view;
                    });
  EXPECT_EQ(Travel(bound)(2), "10!literalview");
  EXPECT_EQ(Travel(With(3, Fn<&Twice>))(), 6);
}

TEST(Function, IsRefusedIfItCaptures) {
  int n = 1;
  auto by_value = [n](int x) { return n + x; };
  auto by_reference = [&n](int x) { return n + x; };
  auto all_by_value = [=](int x) { return n + x; };
  auto all_by_reference = [&](int x) { return n + x; };
  auto nothing_used = [&](int x) { return x; };
  EXPECT_EQ(by_value(1) + by_reference(1) + all_by_value(1) + all_by_reference(1) + nothing_used(1), 9);
  EXPECT_FALSE(kShippable<decltype(by_value)>);
  EXPECT_FALSE(kShippable<decltype(by_reference)>);
  EXPECT_FALSE(kShippable<decltype(all_by_value)>);
  EXPECT_FALSE(kShippable<decltype(all_by_reference)>);
  EXPECT_FALSE(kShippable<decltype(nothing_used)>);
  EXPECT_FALSE(kShippable<decltype(With(1, by_value))>);
  EXPECT_FALSE(kShippable<int (*)(int)>);
}

struct Capturing {
  int n = 2;
  auto OfThis() {
    return [this](int x) { return n + x; };
  }
};

TEST(Function, IsRefusedIfItCapturesThis) {
  Capturing capturing;
  EXPECT_EQ(capturing.OfThis()(1), 3);
  EXPECT_FALSE(kShippable<decltype(capturing.OfThis())>);
}

TEST(Function, IsRefusedIfItsStateCannotTravel) {
  EXPECT_FALSE(kShippable<StartsWith>);
  int n = 0;
  auto pointer = With(&n, [](int* p, int) { return *p; });
  EXPECT_FALSE(kShippable<decltype(pointer)>);
  EXPECT_FALSE(kStateTravels<decltype(pointer)>);
  auto viewing = With(Viewing{"text"}, [](const Viewing&, int) { return 1; });
  EXPECT_FALSE(kStateTravels<decltype(viewing)>);
}

TEST(Call, TakesTheRowOrItsParts) {
  std::pair<std::string_view, int64_t> row("word", 3);
  auto whole = [](const std::pair<std::string_view, int64_t>& pair) { return pair.second; };
  auto parts = [](std::string_view word, int64_t n) { return static_cast<int64_t>(word.size()) + n; };
  auto generic = [](auto word, auto n) { return word.size() + n; };
  EXPECT_EQ(Call(whole, row), 3);
  EXPECT_EQ(Call(parts, row), 7);
  EXPECT_EQ(Call(generic, row), 7u);
  auto bound = With(10, [](int more, std::string_view, int64_t n) { return more + n; });
  EXPECT_EQ(Call(bound, row), 13);
  std::tuple<int, int, int> three(1, 2, 3);
  auto sum = [](int a, int b, int c) { return a + b + c; };
  EXPECT_EQ(Call(sum, three), 6);
  EXPECT_TRUE(
      (std::is_same_v<CallResult<decltype(parts), const std::pair<std::string_view, int64_t>&>, int64_t>));
}

TEST(Call, MovesTheRowIfAsked) {
  auto take = [](std::string&& text) { return std::move(text); };
  std::string text(100, 'x');
  const char* data = text.data();
  EXPECT_EQ(Call(take, std::move(text)).data(), data);
}

TEST(Call, TellsWhatCannotBeCalled) {
  auto parts = [](std::string_view, int64_t) {};
  EXPECT_FALSE((kCallable<decltype(parts), std::string_view>));
  EXPECT_FALSE((kCallable<decltype(parts), std::pair<int, int>>));
  EXPECT_FALSE((kCallable<decltype(parts), std::tuple<std::string_view, int, int>>));
  EXPECT_TRUE((kCallable<decltype(parts), std::pair<std::string, int>&>));
}

template <class Row, class F>
constexpr bool Dangles(const F&) {
  return ReturnsDanglingView<F, Row>;
}

TEST(DanglingView, IsSeenInWhatAFunctionReturns) {
  using Pair = std::pair<std::string, int>;
  EXPECT_TRUE(Dangles<std::string>([](std::string s) { return std::string_view(s); }));
  EXPECT_TRUE(Dangles<std::string>([](std::string s) mutable noexcept { return std::string_view(s); }));
  EXPECT_TRUE(Dangles<Pair>([](std::string s, int n) { return std::pair(std::string_view(s), n); }));
  EXPECT_TRUE(Dangles<Pair>([](Pair p) { return std::vector{std::string_view(p.first)}; }));
  EXPECT_TRUE(Dangles<std::string>(With(1, [](int, std::string s) { return std::string_view(s); })));
  EXPECT_TRUE(Dangles<std::string>(Fn<&Itself>));
  EXPECT_TRUE(Dangles<std::string>([](std::string s) { return Viewing{s}; }));
}

TEST(DanglingView, IsNotSeenWhereTheRowIsBorrowed) {
  EXPECT_FALSE(Dangles<const std::string&>([](const std::string& s) { return std::string_view(s); }));
  EXPECT_FALSE(Dangles<std::string_view>([](std::string_view s) { return s; }));
  EXPECT_FALSE(Dangles<std::string>([](std::string s) { return s; }));
  EXPECT_FALSE(Dangles<std::string>([](std::string s) { return s.size(); }));
  EXPECT_FALSE(Dangles<std::string&>([](const auto& s) { return std::string_view(s); }));
}

}  // namespace
}  // namespace millstream::exec::test
