// File: millstream/exec/shape.h
// What a type looks like to codecs, storage, schemas and printing: its shape and its parts, found by
// reflection. Containers, optionals, variants and messages are recognised by their members, so that their
// headers are not needed.
#ifndef MILLSTREAM_EXEC_SHAPE_H_
#define MILLSTREAM_EXEC_SHAPE_H_

#include <millstream/exec/encoder.h>
#include <millstream/exec/fields.h>

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace millstream {
template <class T>
struct Codec;  // millstream/exec/codec.h
}  // namespace millstream

namespace millstream::exec {

enum class Shape : unsigned char {
  kNone,    // Pointers, references, classes with private data: only a user's Codec can encode them.
  kCustom,  // The user specialised millstream::Codec.
  kBool,
  kInteger,
  kFloat,
  kEnum,
  kString,
  kView,
  kEmpty,  // Without data: std::monostate, tuple<>, std::plus<>, a captureless lambda.
  kPair,
  kTuple,
  kAggregate,
  kArray,  // std::array and, inside aggregates, C arrays.
  kOptional,
  kVariant,
  kList,
  kSet,
  kMap,
  kMessage,  // A protobuf message.
};

template <class... T>
struct Types {};

template <class T>
concept HasBuiltInCodec = requires {
  typename Codec<T>::BuiltIn;
};

template <class T>
concept OptionalLike = requires(T& v) {
  typename T::value_type;
  v.has_value();
  v.reset();
  *v;
};

template <class T>
concept VariantLike = requires(const T& v) {
  v.index();
  v.valueless_by_exception();
};

template <class T>
concept ContainerLike = requires(T& v) {
  typename T::value_type;
  v.begin();
  v.end();
  v.size();
  v.clear();
};

template <class T>
concept MapLike = ContainerLike<T> &&
    requires(T& v, typename T::key_type& key, typename T::mapped_type& value) {
  v.emplace(key, value);
};

template <class T>
concept SetLike = ContainerLike<T> && requires(T& v, typename T::key_type& key) {
  v.insert(key);
};

template <class T>
concept ListLike = ContainerLike<T> && requires(T& v) {
  v.emplace_back();
};

// Containers whose order of iteration says nothing.
template <class T>
concept UnorderedLike = requires {
  typename T::hasher;
};

template <class T>
concept MessageLike = requires(T& v, const T& constant, void* to, int size) {
  constant.ByteSizeLong();
  constant.SerializeToArray(to, size);
  constant.SerializeAsString();
  v.ParseFromArray(to, size);
};

template <class T>
struct TemplateShape {
  static constexpr Shape kShape = Shape::kNone;
};
template <class A, class B>
struct TemplateShape<std::pair<A, B>> {
  static constexpr Shape kShape = Shape::kPair;
};
template <class... T>
struct TemplateShape<std::tuple<T...>> {
  static constexpr Shape kShape = sizeof...(T) == 0 ? Shape::kEmpty : Shape::kTuple;
};
template <class T, size_t N>
struct TemplateShape<std::array<T, N>> {
  static constexpr Shape kShape = N == 0 ? Shape::kEmpty : Shape::kArray;
};

template <class T>
consteval Shape FindClassShape() {
  if constexpr (TemplateShape<T>::kShape != Shape::kNone) {
    return TemplateShape<T>::kShape;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return Shape::kString;
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return Shape::kView;
  } else if constexpr (std::is_empty_v<T>) {
    return std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T> ? Shape::kEmpty
                                                                                 : Shape::kNone;
  } else if constexpr (CanVisitFields<T>()) {
    return Shape::kAggregate;
  } else if constexpr (ListLike<T>) {
    return Shape::kList;
  } else if constexpr (MapLike<T>) {
    return Shape::kMap;
  } else if constexpr (SetLike<T>) {
    return Shape::kSet;
  } else if constexpr (OptionalLike<T>) {
    return Shape::kOptional;
  } else if constexpr (VariantLike<T>) {
    return Shape::kVariant;
  } else if constexpr (MessageLike<T>) {
    return Shape::kMessage;
  } else {
    return Shape::kNone;
  }
}

template <class T>
consteval Shape FindShape() {
  if constexpr (!std::is_object_v<T> || std::is_const_v<T> || std::is_volatile_v<T>) {
    return Shape::kNone;
  } else if constexpr (std::is_bounded_array_v<T>) {
    return Shape::kArray;
  } else if constexpr (!HasBuiltInCodec<T>) {
    return Shape::kCustom;
  } else if constexpr (std::is_same_v<T, bool>) {
    return Shape::kBool;
  } else if constexpr (std::is_integral_v<T>) {
    return Shape::kInteger;
  } else if constexpr (std::is_same_v<T, double> || std::is_same_v<T, float>) {
    return Shape::kFloat;
  } else if constexpr (std::is_enum_v<T>) {
    return Shape::kEnum;
  } else if constexpr (std::is_class_v<T>) {
    return FindClassShape<T>();
  } else {
    return Shape::kNone;
  }
}

template <class T>
inline constexpr Shape kShape = FindShape<T>();

// kPair, kTuple and kAggregate: a fixed sequence of fields.
constexpr bool IsProduct(Shape shape) {
  return shape == Shape::kPair || shape == Shape::kTuple || shape == Shape::kAggregate;
}

// Calls f with a reference to each field of a pair, tuple or aggregate, in order.
template <class T, class F>
constexpr decltype(auto) VisitFields(T& value, F&& f) {
  constexpr Shape kOf = kShape<std::remove_const_t<T>>;
  if constexpr (kOf == Shape::kPair) {
    return f(value.first, value.second);
  } else if constexpr (kOf == Shape::kTuple) {
    return std::apply(f, value);
  } else {
    return FieldTable<kFieldCount<T>>::Visit(value, f);
  }
}

struct ToTypes {
  template <class... T>
  Types<T...> operator()(T&...) const {
    return {};
  }
};

template <class T>
struct TemplateArguments {};
template <template <class...> class C, class... A>
struct TemplateArguments<C<A...>> {
  using Parts = Types<A...>;
};

template <class T>
struct ArrayElement {
  using Type = typename T::value_type;
};
template <class T, size_t N>
struct ArrayElement<T[N]> {
  using Type = T;
};

// The types that a T is made of: fields, elements, keys and values, alternatives.
template <class T, Shape = kShape<T>>
struct PartsOf {
  using Parts = Types<>;
};
template <class T>
struct PartsOf<T, Shape::kPair> : TemplateArguments<T> {};
template <class T>
struct PartsOf<T, Shape::kTuple> : TemplateArguments<T> {};
template <class T>
struct PartsOf<T, Shape::kVariant> : TemplateArguments<T> {};
template <class T>
struct PartsOf<T, Shape::kAggregate> {
  using Parts = decltype(VisitFields(std::declval<T&>(), ToTypes{}));
};
template <class T>
struct PartsOf<T, Shape::kArray> {
  using Parts = Types<typename ArrayElement<T>::Type>;
};
template <class T>
struct PartsOf<T, Shape::kOptional> {
  using Parts = Types<typename T::value_type>;
};
template <class T>
struct PartsOf<T, Shape::kList> {
  using Parts = Types<typename T::value_type>;
};
template <class T>
struct PartsOf<T, Shape::kSet> {
  using Parts = Types<typename T::key_type>;
};
template <class T>
struct PartsOf<T, Shape::kMap> {
  using Parts = Types<typename T::key_type, typename T::mapped_type>;
};

template <class T>
using Parts = typename PartsOf<T>::Parts;

// What holds for a type or for any of its parts, however deep; a set of bits.
enum Fact : unsigned {
  kLacksCodec = 1,
  kHoldsView = 2,
  kViewInAggregate = 4,  // A view that StorageOf cannot replace by a string.
  kOwnsMemory = 8,       // A string or container that frees its contents.
  kHoldsText = 16,
  kNotFlat = 32,  // Its encoded size is not the sum of constants and the lengths of texts.
};

template <class T>
concept CompleteCodec = std::is_default_constructible_v<T> &&
    requires(const T& value, T& decoded, Encoder& encoder, Decoder& decoder) {
  Codec<T>::Encode(value, encoder);
  { Codec<T>::Decode(decoder, decoded) } -> std::convertible_to<bool>;
};

template <class T, class... Enclosing>
consteval unsigned FindFacts();

template <class... Enclosing, class... T>
consteval unsigned FactsOfParts(Types<T...>) {
  return (FindFacts<T, Enclosing...>() | ... | 0u);
}

// Enclosing: the aggregates around T, which a recursive type meets again.
template <class T, class... Enclosing>
consteval unsigned FindFacts() {
  constexpr Shape kOf = kShape<T>;
  if constexpr (kOf == Shape::kString) {
    return kHoldsText | kOwnsMemory;
  } else if constexpr (kOf == Shape::kView) {
    return kHoldsText | kHoldsView;
  } else if constexpr (kOf == Shape::kNone || kOf == Shape::kCustom || kOf == Shape::kMessage) {
    return kNotFlat |
           (kOf == Shape::kNone || (kOf == Shape::kCustom && !CompleteCodec<T>) ? kLacksCodec : 0u) |
           (std::is_trivially_copyable_v<T> ? 0u : kOwnsMemory);
  } else if constexpr (kOf == Shape::kAggregate) {
    if constexpr ((std::is_same_v<T, Enclosing> || ...)) {
      return kNotFlat;
    } else {
      constexpr unsigned kFacts = FactsOfParts<Enclosing..., T>(Parts<T>{});
      return kFacts | (kFacts & kHoldsView ? kViewInAggregate : 0u);
    }
  } else {
    constexpr unsigned kDynamic = kOf == Shape::kList || kOf == Shape::kSet || kOf == Shape::kMap
                                      ? kNotFlat | kOwnsMemory
                                      : (kOf == Shape::kOptional || kOf == Shape::kVariant ? kNotFlat : 0u);
    return kDynamic | FactsOfParts<Enclosing...>(Parts<T>{});
  }
}

template <class T>
inline constexpr unsigned kFacts = FindFacts<T>();

// Whether T can be encoded and decoded, with all its parts. Never an error, whatever T is.
template <class T>
concept HasCodec = (kFacts<T> & kLacksCodec) == 0;

// Whether T contains a std::string_view anywhere.
template <class T>
inline constexpr bool HasView = (kFacts<T> & kHoldsView) != 0;

// Whether values of T can outlive the buffer they were read from (as StorageOf<T>): false for an aggregate
// with a view member, which may pass between narrow operations but not be kept, shuffled or collected.
template <class T>
inline constexpr bool CanStore = (kFacts<T> & kViewInAggregate) == 0;

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_SHAPE_H_
