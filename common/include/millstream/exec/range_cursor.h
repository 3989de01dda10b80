// What functions return that yield many rows: any range, or an optional.
#ifndef MILLSTREAM_EXEC_RANGE_CURSOR_H_
#define MILLSTREAM_EXEC_RANGE_CURSOR_H_

#include <millstream/exec/shape.h>

#include <concepts>
#include <iterator>
#include <ranges>
#include <type_traits>
#include <utility>

namespace millstream::exec {

template <class Range>
struct RangeRowOf {
  using Type = std::remove_cvref_t<decltype(*std::begin(std::declval<Range&>()))>;
};
// A std::vector<bool> yields proxies of its rows.
template <class Range>
requires requires { typename std::iter_value_t<decltype(std::begin(std::declval<Range&>()))>; }
struct RangeRowOf<Range> {
  using Type = std::iter_value_t<decltype(std::begin(std::declval<Range&>()))>;
};
// A map's entries become pairs that can travel.
template <class Element>
struct RowOfElement {
  using Type = Element;
};
template <class K, class V>
struct RowOfElement<std::pair<const K, V>> {
  using Type = std::pair<K, V>;
};
template <class Range>
using RangeRow = typename RowOfElement<typename RangeRowOf<Range>::Type>::Type;

// What FlatMap's function yields for one row, gone through step by step: any range, or an optional.
template <class Result>
class RangeCursor {
 public:
  using Row = RangeRow<std::remove_reference_t<Result>>;
  explicit RangeCursor(Result&& range)
      : range_(std::forward<Result>(range)), at_(std::begin(range_)), end_(std::end(range_)) {}
  RangeCursor(const RangeCursor&) = delete;
  RangeCursor& operator=(const RangeCursor&) = delete;

  // Moves rows to `out` until it is full or the range ends; true if the range ended.
  template <class Buffer>
  bool Fill(Buffer& out) {
    for (; at_ != end_; ++at_) {
      if (out.full()) return false;
      if constexpr (kOwnsRows) {
        out.Emplace(std::move(*at_));
      } else {
        out.Emplace(*at_);
      }
    }
    return true;
  }

 private:
  using Range = std::remove_reference_t<Result>;
  // A container that the function returned by value gives its rows away.
  static constexpr bool kOwnsRows = !std::is_reference_v<Result> && ContainerLike<Range>;
  Result range_;
  decltype(std::begin(std::declval<Range&>())) at_;
  decltype(std::end(std::declval<Range&>())) end_;
};

template <class Result>
requires OptionalLike<std::remove_cvref_t<Result>>
class RangeCursor<Result> {
 public:
  using Row = typename std::remove_cvref_t<Result>::value_type;
  explicit RangeCursor(Result&& value) : value_(std::forward<Result>(value)) {}

  template <class Buffer>
  bool Fill(Buffer& out) {
    if (!value_.has_value()) return true;
    if (out.full()) return false;
    out.Emplace(std::move(*value_));
    value_.reset();
    return true;
  }

 private:
  std::remove_cvref_t<Result> value_;
};

// Whether rows of a range may view what the range itself owns: not those of containers, which give their rows
// away, nor those of copyable views, which own nothing.
template <class Result>
inline constexpr bool kMayOwnText =
    !std::is_reference_v<Result> && HasView<typename RangeCursor<Result>::Row> && !ContainerLike<Result> &&
    !OptionalLike<Result> && !(std::ranges::view<Result> && std::copyable<Result>);

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_RANGE_CURSOR_H_
