// File: millstream/exec/print.h
// Values as people read them in Print() and text files: strings as they are, `(a,b)` for pairs and tuples,
// `Some(x)` and `None`,
// `[a, b]` for ranges, `Name(a,b)` for aggregates, doubles with the fewest digits that read back the same.
#ifndef MILLSTREAM_EXEC_PRINT_H_
#define MILLSTREAM_EXEC_PRINT_H_

#include <millstream/exec/shape.h>
#include <millstream/exec/type_name.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace millstream::exec {

void AppendInteger(std::string& out, int64_t value);
void AppendUnsigned(std::string& out, uint64_t value);
// `1.0`, `0.001`, `1.0E7`, `NaN`, `-Infinity`: the notation of Java, as Spark prints.
void AppendFloating(std::string& out, double value);
void AppendFloating(std::string& out, float value);

template <class T>
void AppendText(std::string& out, const T& value);

template <class T>
concept IterableLike = requires(const T& range) {
  range.begin() != range.end();
  *range.begin();
};

template <class T>
void AppendScalar(std::string& out, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, char>) {
    out += value;
  } else if constexpr (std::is_enum_v<T>) {
    AppendScalar(
        out, static_cast<std::conditional_t<std::is_signed_v<std::underlying_type_t<T>>, int64_t, uint64_t>>(
                 value));
  } else if constexpr (std::is_floating_point_v<T>) {
    AppendFloating(out, value);
  } else if constexpr (std::is_signed_v<T>) {
    AppendInteger(out, value);
  } else {
    AppendUnsigned(out, value);
  }
}

template <class T>
void AppendRange(std::string& out, const T& range) {
  out += '[';
  std::string_view separator;
  for (const auto& element : range) {
    out += separator;
    AppendText(out, element);
    separator = ", ";
  }
  out += ']';
}

template <class T, class... A>
void AppendAlternative(std::string& out, const T& value, Types<A...>) {
  [&]<size_t... I>(std::index_sequence<I...>) {
    ((value.index() == I ? AppendText(out, *get_if<I>(&value)) : void()), ...);
  }
  (std::index_sequence_for<A...>{});
}

template <class T>
void AppendFieldTexts(std::string& out, const T& value) {
  out += '(';
  VisitFields(value, [&out](const auto&... field) {
    const char* comma = "";
    ((out += comma, AppendText(out, field), comma = ","), ...);
  });
  out += ')';
}

// Types with private data print by their ToString(), protobuf messages by ShortDebugString(), else by their
// name.
template <class T>
void AppendOpaque(std::string& out, const T& value) {
  if constexpr (requires { out += value.ToString(); }) {
    out += value.ToString();
  } else if constexpr (requires { out += value.ShortDebugString(); }) {
    out += value.ShortDebugString();
  } else if constexpr (IterableLike<T>) {
    AppendRange(out, value);
  } else {
    out += TypeName<T>();
  }
}

template <class T>
void AppendText(std::string& out, const T& value) {
  constexpr Shape kOf = kShape<T>;
  if constexpr (kOf == Shape::kString || kOf == Shape::kView) {
    out += value;
  } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    AppendScalar(out, value);
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    out += std::string_view(value);
  } else if constexpr (kOf == Shape::kPair || kOf == Shape::kTuple) {
    AppendFieldTexts(out, value);
  } else if constexpr (kOf == Shape::kAggregate) {
    out += TypeName<T>();
    AppendFieldTexts(out, value);
  } else if constexpr (kOf == Shape::kEmpty) {
    out += "()";
  } else if constexpr (kOf == Shape::kOptional) {
    if (!value.has_value()) {
      out += "None";
    } else {
      out += "Some(";
      AppendText(out, *value);
      out += ')';
    }
  } else if constexpr (kOf == Shape::kVariant) {
    AppendAlternative(out, value, Parts<T>{});
  } else if constexpr (kOf == Shape::kArray || kOf == Shape::kList || kOf == Shape::kSet ||
                       kOf == Shape::kMap) {
    AppendRange(out, value);
  } else {
    AppendOpaque(out, value);
  }
}

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_PRINT_H_
