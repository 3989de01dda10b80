// File: millstream/exec/storage_of.h
// Views and their owners. A row may view the buffer it was read from; what is kept (accumulators, tables,
// state, cached and collected values) is a StorageOf<T>, in which every std::string_view has become a
// std::string.
#ifndef MILLSTREAM_EXEC_STORAGE_OF_H_
#define MILLSTREAM_EXEC_STORAGE_OF_H_

#include <millstream/exec/shape.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace millstream::exec {

// T with From replaced by To, in the arguments of pairs, tuples, optionals, variants and containers;
// allocators, hashes and comparisons of the replaced types follow.
template <class T, class From, class To>
struct ReplaceText {
  using Type = T;
};
template <class From, class To>
struct ReplaceText<From, From, To> {
  using Type = To;
};
template <class T, class From, class To>
struct ReplaceText<const T, From, To> {
  using Type = const typename ReplaceText<T, From, To>::Type;
};
template <template <class...> class C, class... A, class From, class To>
requires(!std::is_same_v<C<A...>, From>) struct ReplaceText<C<A...>, From, To> {
  using Type = C<typename ReplaceText<A, From, To>::Type...>;
};
template <class T, size_t N, class From, class To>
struct ReplaceText<std::array<T, N>, From, To> {
  using Type = std::array<typename ReplaceText<T, From, To>::Type, N>;
};

template <class T, class From, class To, Shape = kShape<T>>
struct ReplaceTextIn {
  using Type = typename ReplaceText<T, From, To>::Type;
};
// Fields of aggregates cannot be replaced, and what is inside user types and messages is theirs.
template <class T, class From, class To>
struct ReplaceTextIn<T, From, To, Shape::kAggregate> {
  using Type = T;
};
template <class T, class From, class To>
struct ReplaceTextIn<T, From, To, Shape::kCustom> {
  using Type = T;
};
template <class T, class From, class To>
struct ReplaceTextIn<T, From, To, Shape::kNone> {
  using Type = T;
};

template <class T, bool = HasView<T>&& CanStore<T>>
struct Storage {
  using Type = T;
};
template <class T>
struct Storage<T, true> : ReplaceTextIn<T, std::string_view, std::string> {};

template <class T, bool = (kFacts<T> & kHoldsText) != 0>
struct View {
  using Type = T;
};
template <class T>
struct View<T, true> : ReplaceTextIn<T, std::string, std::string_view> {};

// T itself if it contains no view.
template <class T>
using StorageOf = typename Storage<T>::Type;

// The view-typed counterpart of an owning type: what lets streams of std::string and std::string_view mix.
template <class S>
using ViewFor = typename View<S>::Type;

template <class To, class From>
To ConvertText(const From& from);

template <class To, class From>
To ConvertContainer(const From& from) {
  To to;
  if constexpr (requires { to.reserve(from.size()); }) to.reserve(from.size());
  for (const auto& element : from) {
    if constexpr (kShape<To> == Shape::kMap) {
      to.emplace(ConvertText<typename To::key_type>(element.first),
                 ConvertText<typename To::mapped_type>(element.second));
    } else if constexpr (kShape<To> == Shape::kSet) {
      to.insert(ConvertText<typename To::key_type>(element));
    } else {
      to.push_back(ConvertText<typename To::value_type>(element));
    }
  }
  return to;
}

template <class To, class From, class... A>
To ConvertVariant(const From& from, Types<A...>) {
  To to;
  [&]<size_t... I>(std::index_sequence<I...>) {
    ((from.index() == I ? void(to.template emplace<I>(ConvertText<A>(*get_if<I>(&from)))) : void()), ...);
  }
  (std::index_sequence_for<A...>{});
  return to;
}

template <class To, class From, class... A>
To ConvertProduct(const From& from, Types<A...>) {
  return VisitFields(from, [](const auto&... field) { return To(ConvertText<A>(field)...); });
}

// Between a type and its StorageOf or ViewFor.
template <class To, class From>
To ConvertText(const From& from) {
  constexpr Shape kOf = kShape<To>;
  if constexpr (std::is_same_v<To, From>) {
    return from;
  } else if constexpr (kOf == Shape::kString || kOf == Shape::kView) {
    return To(from);
  } else if constexpr (kOf == Shape::kPair || kOf == Shape::kTuple) {
    return ConvertProduct<To>(from, Parts<To>{});
  } else if constexpr (kOf == Shape::kArray) {
    To to;
    for (size_t i = 0; i < from.size(); ++i) to[i] = ConvertText<typename To::value_type>(from[i]);
    return to;
  } else if constexpr (kOf == Shape::kOptional) {
    return from.has_value() ? To(ConvertText<typename To::value_type>(*from)) : To();
  } else if constexpr (kOf == Shape::kVariant) {
    return ConvertVariant<To>(from, Parts<To>{});
  } else {
    return ConvertContainer<To>(from);
  }
}

// An owning value. T must satisfy CanStore.
template <class T>
requires(!std::is_lvalue_reference_v<T>) StorageOf<T> ToStorage(T&& value) {
  using Value = std::remove_const_t<T>;
  if constexpr (std::is_same_v<StorageOf<Value>, Value>) {
    return std::forward<T>(value);
  } else {
    return ConvertText<StorageOf<Value>>(value);
  }
}
template <class T>
StorageOf<T> ToStorage(const T& value) {
  return ConvertText<StorageOf<T>>(value);
}

// A T over an owning value, which must outlive it: the value itself if T contains no view.
template <class T>
using ViewResult = std::conditional_t<std::is_same_v<StorageOf<T>, T>, const T&, T>;

template <class T>
ViewResult<T> ViewOf(const StorageOf<T>& stored) {
  if constexpr (std::is_same_v<StorageOf<T>, T>) {
    return stored;
  } else {
    return ConvertText<T>(stored);
  }
}

// The one readable compile error of an operation that keeps, shuffles or collects a T.
template <class T>
constexpr void RequireStorable() {
  static_assert(CanStore<T>,
                "T has a std::string_view member, so it cannot be kept, shuffled or collected: the viewed "
                "text would be gone. "
                "Use std::string in T");
}

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_STORAGE_OF_H_
