// Types that the tests of the typed rim share.
#ifndef MILLSTREAM_TESTS_COMMON_EXEC_CODEC_TYPES_H_
#define MILLSTREAM_TESTS_COMMON_EXEC_CODEC_TYPES_H_

#include <millstream/exec/codec.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace millstream::exec::test {

enum class Color : int16_t { kRed = 1, kBlue = -2 };

struct Point {
  double x = 0;
  double y = 0;
  bool operator==(const Point&) const = default;
};

struct Order {
  int64_t id = 7;
  std::vector<std::string> items{};
  Point place{};
  char code[4] = {};
  std::optional<Color> color{};
  bool operator==(const Order&) const = default;
};

struct SumFirst {
  int64_t sum;
  int64_t count;
};
struct CountFirst {
  int64_t count;
  int64_t sum;
};

struct Tree {
  int32_t value = 0;
  std::vector<Tree> children;
  bool operator==(const Tree&) const = default;
};

struct TreeOfPointers {
  std::vector<TreeOfPointers> children;
  int* value = nullptr;
};

struct Viewing {
  std::string_view text;
  int64_t n = 0;
};

struct HoldsPointer {
  int n;
  const int* pointer;
};

struct HoldsReference {
  const int& reference;
};

struct HoldsConst {
  const int n = 1;
};

struct Derived : Point {
  int more = 0;
};

// Private data: needs a Codec of its own.
class Money {
 public:
  Money() = default;
  explicit Money(int64_t cents) : cents_(cents) {}
  int64_t cents() const { return cents_; }
  std::string ToString() const { return std::to_string(cents_) + " cents"; }
  bool operator==(const Money&) const = default;

 private:
  int64_t cents_ = 0;
};

class Opaque {
 public:
  explicit Opaque(int n) : n_(n) {}
  int n() const { return n_; }

 private:
  int n_;
};

struct Wide32 {
  int a0 = 0, a1 = 1, a2 = 2, a3 = 3, a4 = 4, a5 = 5, a6 = 6, a7 = 7, a8 = 8, a9 = 9, a10 = 10, a11 = 11,
      a12 = 12;
  int a13 = 13, a14 = 14, a15 = 15, a16 = 16, a17 = 17, a18 = 18, a19 = 19, a20 = 20, a21 = 21, a22 = 22,
      a23 = 23;
  int a24 = 24, a25 = 25, a26 = 26, a27 = 27, a28 = 28, a29 = 29, a30 = 30;
  std::string a31 = "last";
  bool operator==(const Wide32&) const = default;
};

struct Wide33 {
  int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22,
      a23;
  int a24, a25, a26, a27, a28, a29, a30, a31, a32;
};

// Looks like a protobuf message, without being one.
class Message {
 public:
  std::string payload;

  size_t ByteSizeLong() const { return payload.size(); }
  bool SerializeToArray(void* to, int size) const {
    return payload.copy(static_cast<char*>(to), size) > 0 || size == 0;
  }
  std::string SerializeAsString() const { return payload; }
  bool ParseFromArray(const void* from, int size) {
    payload.assign(static_cast<const char*>(from), size);
    return payload.find('!') == std::string::npos;
  }
  std::string ShortDebugString() const { return "payload: " + payload; }

 private:
  int cached_size_ = 0;
};

}  // namespace millstream::exec::test

template <>
struct millstream::Codec<millstream::exec::test::Money> {
  using Money = exec::test::Money;
  static void Encode(const Money& money, Encoder& out) { Codec<int64_t>::Encode(money.cents(), out); }
  static bool Decode(Decoder& in, Money& money) {
    int64_t cents = 0;
    if (!Codec<int64_t>::Decode(in, cents)) return false;
    money = Money(cents);
    return true;
  }
};

#endif  // MILLSTREAM_TESTS_COMMON_EXEC_CODEC_TYPES_H_
