// File: millstream/exec/text_walk.h
// Visits every text inside a value. The testing kit poisons consumed chunks and checks results with it.
#ifndef MILLSTREAM_EXEC_TEXT_WALK_H_
#define MILLSTREAM_EXEC_TEXT_WALK_H_

#include <millstream/exec/shape.h>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace millstream::exec {

// Calls f(data, size) for every std::string and std::string_view inside value: in fields, elements,
// alternatives, map keys. `data` is char* for a string that may be changed in place, else const char*. What
// is inside types with a Codec of their own, or without one, is not seen.
template <class T, class F>
void ForEachText(T& value, F f);

template <class T, class F, class... A>
void ForEachTextOfVariant(T& value, F& f, Types<A...>) {
  [&]<size_t... I>(std::index_sequence<I...>) {
    ((value.index() == I
          ? ForEachText<std::remove_pointer_t<decltype(get_if<I>(&value))>, F&>(*get_if<I>(&value), f)
          : void()),
     ...);
  }
  (std::index_sequence_for<A...>{});
}

template <class T, class F>
void ForEachText(T& value, F f) {
  using Value = std::remove_const_t<T>;
  constexpr Shape kOf = kShape<Value>;
  if constexpr ((kFacts<Value> & kHoldsText) == 0) {
    return;
  } else if constexpr (kOf == Shape::kString || kOf == Shape::kView) {
    f(value.data(), value.size());
  } else if constexpr (IsProduct(kOf)) {
    VisitFields(value, [&f]<class... Field>(Field&... field) { (ForEachText<Field, F&>(field, f), ...); });
  } else if constexpr (kOf == Shape::kOptional) {
    if (value.has_value()) ForEachText<std::remove_reference_t<decltype(*value)>, F&>(*value, f);
  } else if constexpr (kOf == Shape::kVariant) {
    ForEachTextOfVariant(value, f, Parts<Value>{});
  } else if constexpr (kOf == Shape::kMap) {
    for (auto& [key, mapped] : value) {
      ForEachText<const typename Value::key_type, F&>(key, f);
      ForEachText<std::remove_reference_t<decltype((mapped))>, F&>(mapped, f);
    }
  } else {
    for (auto& element : value) ForEachText<std::remove_reference_t<decltype(element)>, F&>(element, f);
  }
}

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_TEXT_WALK_H_
