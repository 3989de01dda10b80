// File: millstream/exec/function.h
// Functions that travel to other processes: captureless lambdas, ms::With(values..., lambda),
// ms::Fn<&function> and structs whose fields have a Codec. What is sent is the encoded state; the code is the
// same program on the other side.
#ifndef MILLSTREAM_EXEC_FUNCTION_H_
#define MILLSTREAM_EXEC_FUNCTION_H_

#include <millstream/exec/codec.h>
#include <millstream/exec/storage_of.h>

#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace millstream::exec {

// Named state and the function that takes it before its other arguments; made by ms::With.
template <class F, class... State>
class BoundFunction {
 public:
  BoundFunction() = default;
  template <class... A>
  explicit BoundFunction(F function, std::in_place_t, A&&... state)
      : state_(std::forward<A>(state)...), function_(std::move(function)) {}

  template <class... A>
  requires std::is_invocable_v<const F&, const State&..., A...>
  constexpr decltype(auto) operator()(A&&... arguments) const {
    return std::apply(
        [&](const State&... state) -> decltype(auto) {
          return function_(state..., std::forward<A>(arguments)...);
        },
        state_);
  }

 private:
  friend struct Codec<BoundFunction>;

  std::tuple<State...> state_;
  [[no_unique_address]] F function_;
};

template <class F>
inline constexpr bool kIsCaptureless = std::is_empty_v<F>&& std::is_default_constructible_v<F>;

// Whether F can be sent and made again in another process. Views do not travel: the text would be gone.
template <class F>
inline constexpr bool kShippable = kIsCaptureless<F> || (std::is_class_v<F> && HasCodec<F> && !HasView<F>);

template <class F>
concept ShippableFunction = kShippable<F>;

template <class F>
inline constexpr bool kIsBound = false;
template <class F, class... State>
inline constexpr bool kIsBound<BoundFunction<F, State...>> = true;

template <class F>
inline constexpr bool kStateTravels = true;
template <class F, class... State>
inline constexpr bool kStateTravels<BoundFunction<F, State...>> = ((HasCodec<State> && !HasView<State>)&&...);

template <class F>
inline constexpr bool kIsFunctionPointer = std::is_function_v<std::remove_pointer_t<F>>;

#define MILLSTREAM_NOT_SHIPPABLE                                                                            \
  "this function is sent to other processes, so it must not capture ([x], [&x], [=], [this]): pass values " \
  "with "                                                                                                   \
  "ms::With(x, [](const X& x, const Row& row) {...}) or use a struct with fields"
#define MILLSTREAM_FUNCTION_POINTER                                                                       \
  "this function is sent to other processes, where a pointer means nothing: pass ms::Fn<&function> or a " \
  "lambda"
#define MILLSTREAM_STATE_HAS_NO_CODEC                                                            \
  "a value given to ms::With has no Codec, so it cannot be sent to other processes: specialise " \
  "millstream::Codec "                                                                           \
  "for it or make it a plain aggregate of up to 32 fields (of std::string, not std::string_view)"
#define MILLSTREAM_DANGLING_VIEW                                                                          \
  "the function returns a view into its own by-value parameter, which is gone when it returns: take the " \
  "parameter "                                                                                            \
  "by const reference, or return std::string"

// The one readable compile error of an operation that ships F. Put the rest under `if constexpr
// (kShippable<F>)`.
template <class F>
constexpr void RequireShippable() {
  if constexpr (kIsFunctionPointer<F>) {
    static_assert(kShippable<F>, MILLSTREAM_FUNCTION_POINTER);
  } else if constexpr (!kStateTravels<F>) {
    static_assert(kShippable<F>, MILLSTREAM_STATE_HAS_NO_CODEC);
  } else {
    static_assert(kShippable<F>, MILLSTREAM_NOT_SHIPPABLE);
  }
}

// The state of a shippable function; nothing for a captureless one.
template <class F>
void EncodeFunction(const F& function, Encoder& out) {
  if constexpr (!kIsCaptureless<F>) Codec<F>::Encode(function, out);
}

// Into a default-constructed F. False: the bytes are malformed.
template <class F>
bool DecodeFunction(Decoder& in, F& function) {
  if constexpr (kIsCaptureless<F>) {
    return true;
  } else {
    return Codec<F>::Decode(in, function);
  }
}

// Pairs and tuples may be taken apart into arguments.
template <class Row>
inline constexpr bool kHasArguments =
    kShape<std::remove_cvref_t<Row>> == Shape::kPair || kShape<std::remove_cvref_t<Row>> == Shape::kTuple;

template <class F, class Row, size_t... I>
consteval bool TakesParts(std::index_sequence<I...>) {
  return std::is_invocable_v<F&, decltype(std::get<I>(std::declval<Row>()))...>;
}

template <class F, class Row, bool = kHasArguments<Row>>
inline constexpr bool kTakesParts = false;
template <class F, class Row>
inline constexpr bool kTakesParts<F, Row, true> =
    TakesParts<F, Row>(std::make_index_sequence<std::tuple_size_v<std::remove_cvref_t<Row>>>{});

// Row is what the operation passes, with its reference: `const T&`, `T&` or `T&&` (a plain T means T&&).
template <class F, class Row>
inline constexpr bool kCallable = std::is_invocable_v<F&, Row> || kTakesParts<F, Row>;

// Calls function(row), or function(parts of row...) if it cannot take the row itself.
template <class F, class Row>
constexpr decltype(auto) Call(F& function, Row&& row) {
  if constexpr (std::is_invocable_v<F&, Row>) {
    return function(std::forward<Row>(row));
  } else {
    return std::apply(function, std::forward<Row>(row));
  }
}

template <class F, class Row>
using CallResult = decltype(Call(std::declval<F&>(), std::declval<Row>()));

template <class F, class Row>
constexpr void RequireCallable() {
  static_assert(kCallable<F, Row>,
                "the function cannot be called with a row of this stream (Row), nor with the parts of a pair "
                "or tuple: check "
                "its parameters; a lambda must take the row by value or by const reference");
}

// The parameters of a callable whose call is not overloaded and no template; else none.
template <class F>
struct Signature {
  using Parameters = Types<>;
};
template <class R, class... A>
struct Signature<R (*)(A...)> {
  using Parameters = Types<A...>;
};
template <class R, class... A>
struct Signature<R (*)(A...) noexcept> : Signature<R (*)(A...)> {};
template <class R, class C, class... A>
struct Signature<R (C::*)(A...)> : Signature<R (*)(A...)> {};
template <class R, class C, class... A>
struct Signature<R (C::*)(A...) const> : Signature<R (*)(A...)> {};
template <class R, class C, class... A>
struct Signature<R (C::*)(A...) noexcept> : Signature<R (*)(A...)> {};
template <class R, class C, class... A>
struct Signature<R (C::*)(A...) const noexcept> : Signature<R (*)(A...)> {};
template <class F>
requires requires { &F::operator(); }
struct Signature<F> : Signature<decltype(&F::operator())> {};
template <class F, class... State>
struct Signature<BoundFunction<F, State...>> : Signature<F> {};

template <class T>
inline constexpr bool kOwns = std::is_object_v<T> && (kFacts<std::remove_cv_t<T>> & kOwnsMemory) != 0;

template <class... T>
consteval bool AnyOwns(Types<T...>) {
  return (kOwns<T> || ...);
}

// A view, or a range of views (of any class: its elements count).
template <class R>
consteval bool YieldsView() {
  if constexpr (HasView<R>) {
    return true;
  } else if constexpr (kShape<R> == Shape::kNone && requires(R & range) { *range.begin(); }) {
    return HasView<std::remove_cvref_t<decltype(*std::declval<R&>().begin())>>;
  } else {
    return false;
  }
}

// Whether F returns a view although it took an owning value (a string, a vector…) by value. Generic lambdas
// are not seen.
template <class F, class Row>
inline constexpr bool ReturnsDanglingView =
    AnyOwns(typename Signature<F>::Parameters{}) && YieldsView<std::remove_cvref_t<CallResult<F, Row>>>();

template <class F, class Row>
constexpr void RequireNoDanglingView() {
  static_assert(!ReturnsDanglingView<F, Row>, MILLSTREAM_DANGLING_VIEW);
}

template <class T>
using StateOf = StorageOf<
    std::decay_t<std::conditional_t<std::is_convertible_v<T, std::string_view>, std::string_view, T>>>;

template <class... A, size_t... I>
auto Bind(std::tuple<A...> arguments, std::index_sequence<I...>) {
  constexpr size_t kLast = sizeof...(A) - 1;
  using F = std::decay_t<std::tuple_element_t<kLast, std::tuple<A...>>>;
  return BoundFunction<F, StateOf<std::tuple_element_t<I, std::tuple<A...>>>...>(
      std::get<kLast>(std::move(arguments)), std::in_place, std::get<I>(std::move(arguments))...);
}

template <auto kFunction>
struct FunctionConstant {
  template <class... A>
  requires std::is_invocable_v<decltype(kFunction), A...>
  constexpr decltype(auto) operator()(A&&... arguments) const {
    return kFunction(std::forward<A>(arguments)...);
  }
};
template <auto kFunction>
struct Signature<FunctionConstant<kFunction>> : Signature<decltype(kFunction)> {};

}  // namespace millstream::exec

namespace millstream {

// A function with named state: With(limit, [](int64_t limit, const Row& row) {...}). The function comes last
// and gets the values, which must have a Codec, before its other arguments. Texts are kept as std::string.
template <class... A>
requires(sizeof...(A) >= 2) auto With(A&&... values_and_function) {
  return exec::Bind(std::forward_as_tuple(std::forward<A>(values_and_function)...),
                    std::make_index_sequence<sizeof...(A) - 1>{});
}

// A named function as an object that can be sent: rows.Map(ms::Fn<&Parse>).
template <auto kFunction>
inline constexpr exec::FunctionConstant<kFunction> Fn{};

template <class F, class... State>
requires(exec::kShippable<F> &&
         ((exec::HasCodec<State> &&
           !exec::HasView<State>)&&...)) struct Codec<exec::BoundFunction<F, State...>> {
  using Bound = exec::BoundFunction<F, State...>;

  static void Encode(const Bound& bound, Encoder& out) {
    Codec<std::tuple<State...>>::Encode(bound.state_, out);
    exec::EncodeFunction(bound.function_, out);
  }
  static bool Decode(Decoder& in, Bound& bound) {
    return Codec<std::tuple<State...>>::Decode(in, bound.state_) && exec::DecodeFunction(in, bound.function_);
  }
};

}  // namespace millstream

#endif  // MILLSTREAM_EXEC_FUNCTION_H_
