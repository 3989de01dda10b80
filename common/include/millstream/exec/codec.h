// File: millstream/exec/codec.h
// How a value becomes bytes. Scalars, strings and views, pairs, tuples, optionals, variants, containers,
// protobuf messages and plain aggregates of up to 32 fields work out of the box. For any other type,
// specialise millstream::Codec:
//
//   template <>
//   struct millstream::Codec<Money> {
//     static void Encode(const Money& money, Encoder& out) { Codec<int64_t>::Encode(money.cents(), out); }
//     static bool Decode(Decoder& in, Money& money) { ... }    // false: the bytes are no Money
//     static void AppendSchema(exec::SchemaWriter& out) { out.Append("Money"); }      // optional
//   };
//
// Encodings are canonical: two values are equal if and only if their bytes are (-0.0 is written as 0.0, there
// is one NaN, unordered containers are sorted by bytes). Protobuf messages promise that only within one
// build.
#ifndef MILLSTREAM_EXEC_CODEC_H_
#define MILLSTREAM_EXEC_CODEC_H_

#include <millstream/exec/encoder.h>
#include <millstream/exec/shape.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace millstream {

namespace exec {
class SchemaWriter;  // millstream/exec/schema.h
}  // namespace exec

template <class T>
struct Codec {
  using BuiltIn = void;  // Tells a user's specialisation from this one.

  static void Encode(const T& value, Encoder& out);
  // Reads one value that Encode wrote. False: the bytes are malformed, and `value` is unspecified. Views
  // point into the decoded bytes.
  static bool Decode(Decoder& in, T& value);
  // Defined in millstream/exec/schema.h.
  static void AppendSchema(exec::SchemaWriter& out);
};

namespace exec {

using millstream::Codec;

template <class T>
void EncodePart(const T& value, Encoder& out);
template <class T>
bool DecodePart(Decoder& in, T& value);

template <class T>
constexpr auto CanonicalBits(T value) {
  if constexpr (kShape<T> == Shape::kFloat) {
    using Bits = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
    if (value == 0) return Bits{0};
    if (value != value) return static_cast<Bits>(sizeof(T) == 8 ? 0x7ff8000000000000u : 0x7fc00000u);
    return std::bit_cast<Bits>(value);
  } else {
    return value;
  }
}

// Flat types: scalars, texts and what is made of only those. The size is known before writing, so one check
// of the buffer's capacity serves the whole value.
template <class T>
inline constexpr bool kFlat = (kFacts<T> & kNotFlat) == 0;

// Upper bound of the encoded size of a flat value, in bytes.
template <class T>
size_t FlatBound(const T& value) {
  constexpr Shape kOf = kShape<T>;
  if constexpr (kOf == Shape::kString || kOf == Shape::kView) {
    return kTextPadding + value.size();
  } else if constexpr (IsProduct(kOf)) {
    return VisitFields(value, [](const auto&... field) { return (FlatBound(field) + ...); });
  } else if constexpr (kOf == Shape::kArray) {
    size_t bound = 0;
    for (const auto& element : value) bound += FlatBound(element);
    return bound;
  } else {
    return sizeof(T);
  }
}

template <class T>
char* FlatWrite(char* to, const T& value) {
  constexpr Shape kOf = kShape<T>;
  if constexpr (kOf == Shape::kString || kOf == Shape::kView) {
    return WritePaddedText(to, value);
  } else if constexpr (IsProduct(kOf)) {
    VisitFields(value, [&to](const auto&... field) { ((to = FlatWrite(to, field)), ...); });
    return to;
  } else if constexpr (kOf == Shape::kArray) {
    for (const auto& element : value) to = FlatWrite(to, element);
    return to;
  } else if constexpr (kOf == Shape::kEmpty) {
    *to = 0;
    return to + 1;
  } else {
    const auto bits = CanonicalBits(value);
    std::memcpy(to, &bits, sizeof(bits));
    return to + sizeof(bits);
  }
}

// Elements that lie in memory as they are encoded.
template <class T>
inline constexpr bool kCopiesAsBytes = kShape<typename T::value_type> == Shape::kInteger&& requires(T& v) {
  v.data();
  v.resize(1);
};

// One element of a list or set, or one key with its value.
template <class T>
void EncodeEntry(const typename T::value_type& entry, Encoder& out) {
  if constexpr (kShape<T> == Shape::kMap) {
    EncodePart(entry.first, out);
    EncodePart(entry.second, out);
  } else {
    EncodePart(entry, out);
  }
}

template <class T>
void EncodeUnordered(const T& container, Encoder& out) {
  Encoder entries;
  Encoder ends;
  for (const auto& entry : container) {
    EncodeEntry<T>(entry, entries);
    const size_t end = entries.size();
    ends.PutFixed(&end, sizeof(end));
  }
  AppendSorted(entries.view(), ends.view(), out);
}

template <class T>
void EncodeContainer(const T& container, Encoder& out) {
  out.PutVarint(container.size());
  if constexpr (UnorderedLike<T>) {
    EncodeUnordered(container, out);
  } else if constexpr (kShape<T> == Shape::kList && kCopiesAsBytes<T>) {
    out.PutFixed(container.data(), container.size() * sizeof(typename T::value_type));
  } else {
    // value_type, not auto: vector<bool> yields proxies.
    for (const typename T::value_type& entry : container) EncodeEntry<T>(entry, out);
  }
}

template <class T>
void EncodeMessage(const T& message, Encoder& out) {
  const size_t size = message.ByteSizeLong();
  char* to = WriteVarint(out.Reserve(kMaxVarintBytes + size), size);
  message.SerializeToArray(to, static_cast<int>(size));
  out.Commit(to + size);
}

template <size_t I, class T>
void EncodeAlternative(const T& value, Encoder& out) {
  if (value.index() == I) EncodePart(*get_if<I>(&value), out);
}

template <class T, class... A>
void EncodeVariant(const T& value, Encoder& out, Types<A...>) {
  out.PutVarint(value.index());
  [&]<size_t... I>(std::index_sequence<I...>) { (EncodeAlternative<I>(value, out), ...); }
  (std::index_sequence_for<A...>{});
}

template <class T>
void EncodePart(const T& value, Encoder& out) {
  constexpr Shape kOf = kShape<T>;
  if constexpr (kOf == Shape::kCustom) {
    Codec<T>::Encode(value, out);
  } else if constexpr (kFlat<T>) {
    out.Commit(FlatWrite(out.Reserve(FlatBound(value)), value));
  } else if constexpr (IsProduct(kOf)) {
    VisitFields(value, [&out](const auto&... field) { (EncodePart(field, out), ...); });
  } else if constexpr (kOf == Shape::kArray) {
    for (const auto& element : value) EncodePart(element, out);
  } else if constexpr (kOf == Shape::kOptional) {
    out.PutByte(value.has_value() ? 1 : 0);
    if (value.has_value()) EncodePart(*value, out);
  } else if constexpr (kOf == Shape::kVariant) {
    EncodeVariant(value, out, Parts<T>{});
  } else if constexpr (kOf == Shape::kMessage) {
    EncodeMessage(value, out);
  } else {
    EncodeContainer(value, out);
  }
}

template <class T>
bool DecodeScalar(Decoder& in, T& value) {
  if constexpr (kShape<T> == Shape::kBool) {
    unsigned char byte;
    if (!in.GetFixed(&byte, 1) || byte > 1) return false;
    value = byte != 0;
    return true;
  } else {
    return in.GetFixed(&value, sizeof(T));
  }
}

template <class T>
bool DecodeElements(Decoder& in, T& list, size_t count) {
  using Element = typename T::value_type;
  if constexpr (kCopiesAsBytes<T>) {
    if (count > in.remaining() / sizeof(Element)) return false;
    list.resize(count);
    return in.GetFixed(list.data(), count * sizeof(Element));
  } else {
    for (size_t i = 0; i < count; ++i) {
      if constexpr (std::is_same_v<decltype(list.emplace_back()), Element&>) {
        if (!DecodePart(in, list.emplace_back())) return false;
      } else {
        Element element{};
        if (!DecodePart(in, element)) return false;
        list.push_back(std::move(element));
      }
    }
    return true;
  }
}

template <class T>
bool DecodeContainer(Decoder& in, T& container) {
  constexpr Shape kOf = kShape<T>;
  uint64_t count;
  container.clear();
  if (!in.GetVarint(count)) return false;
  if constexpr (kOf == Shape::kList) {
    return DecodeElements(in, container, count);
  } else {
    for (uint64_t i = 0; i < count; ++i) {
      typename T::key_type key{};
      if (!DecodePart(in, key)) return false;
      if constexpr (kOf == Shape::kSet) {
        container.insert(std::move(key));
      } else {
        typename T::mapped_type mapped{};
        if (!DecodePart(in, mapped)) return false;
        container.emplace(std::move(key), std::move(mapped));
      }
    }
    return true;
  }
}

template <class T, class... A>
bool DecodeVariant(Decoder& in, T& value, Types<A...>) {
  uint64_t index;
  if (!in.GetVarint(index) || index >= sizeof...(A)) return false;
  bool decoded = false;
  [&]<size_t... I>(std::index_sequence<I...>) {
    ((index == I ? void(decoded = DecodePart(in, value.template emplace<I>())) : void()), ...);
  }
  (std::index_sequence_for<A...>{});
  return decoded;
}

template <class T>
bool DecodeOptional(Decoder& in, T& value) {
  bool has_value = false;
  value.reset();
  if (!DecodeScalar(in, has_value)) return false;
  return !has_value || DecodePart(in, value.emplace());
}

template <class T>
bool DecodeText(Decoder& in, T& value) {
  std::string_view text;
  if (!in.GetText(text)) return false;
  value = text;
  return true;
}

template <class T>
bool DecodePart(Decoder& in, T& value) {
  constexpr Shape kOf = kShape<T>;
  if constexpr (kOf == Shape::kCustom) {
    return Codec<T>::Decode(in, value);
  } else if constexpr (kOf == Shape::kString || kOf == Shape::kView) {
    return DecodeText(in, value);
  } else if constexpr (IsProduct(kOf)) {
    return VisitFields(value, [&in](auto&... field) { return (DecodePart(in, field) && ...); });
  } else if constexpr (kOf == Shape::kArray) {
    for (auto& element : value) {
      if (!DecodePart(in, element)) return false;
    }
    return true;
  } else if constexpr (kOf == Shape::kEmpty) {
    char zero = 1;
    return in.GetFixed(&zero, 1) && zero == 0;
  } else if constexpr (kOf == Shape::kOptional) {
    return DecodeOptional(in, value);
  } else if constexpr (kOf == Shape::kVariant) {
    return DecodeVariant(in, value, Parts<T>{});
  } else if constexpr (kOf == Shape::kMessage) {
    std::string_view bytes;
    return in.GetText(bytes) && value.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  } else if constexpr (kOf == Shape::kList || kOf == Shape::kSet || kOf == Shape::kMap) {
    return DecodeContainer(in, value);
  } else {
    return DecodeScalar(in, value);
  }
}

// The innermost part of T that has no codec: what an error should name. Enclosing: the types around T.
template <class T>
struct Found {
  using Type = T;
};

template <class T, class... Enclosing>
consteval auto FindPartWithoutCodec();

template <class Whole, class... Enclosing>
consteval auto FirstWithoutCodec(Types<>) {
  return Found<Whole>{};
}
template <class Whole, class... Enclosing, class T, class... Rest>
consteval auto FirstWithoutCodec(Types<T, Rest...>) {
  if constexpr ((FindFacts<T, Whole, Enclosing...>() & kLacksCodec) == 0) {
    return FirstWithoutCodec<Whole, Enclosing...>(Types<Rest...>{});
  } else {
    return FindPartWithoutCodec<T, Whole, Enclosing...>();
  }
}
template <class T, class... Enclosing>
consteval auto FindPartWithoutCodec() {
  return FirstWithoutCodec<T, Enclosing...>(Parts<T>{});
}

template <class T>
constexpr void TypeWithoutCodec() {
  static_assert(
      HasCodec<T>,
      "type T has no Codec: specialise millstream::Codec<T> or make it a plain aggregate of up to 32 fields "
      "(pointers, references and const fields cannot travel)");
}

// The one readable compile error of an operation that needs to encode a T. Put what depends on the codec
// under `if constexpr (HasCodec<T>)`.
template <class T>
constexpr void RequireCodec() {
  if constexpr (!HasCodec<T>) TypeWithoutCodec<typename decltype(FindPartWithoutCodec<T>())::Type>();
}

}  // namespace exec

template <class T>
inline void Codec<T>::Encode(const T& value, Encoder& out) {
  exec::EncodePart(value, out);
}

template <class T>
inline bool Codec<T>::Decode(Decoder& in, T& value) {
  return exec::DecodePart(in, value);
}

}  // namespace millstream

#endif  // MILLSTREAM_EXEC_CODEC_H_
