// The steps of operations: which kernels an operation is made of, and what its function and rows must be.
// Each check is one readable error; the empty step after a failed one keeps the compiler from adding to it.
#ifndef MILLSTREAM_STEPS_H_
#define MILLSTREAM_STEPS_H_

#include <millstream/exec/narrow_kernels.h>
#include <millstream/exec/row_kernels.h>
#include <millstream/exec/shuffle_kernels.h>
#include <millstream/exec/storage_of.h>
#include <millstream/graph.h>
#include <millstream/text.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace millstream {

// Options of operations that shuffle.
struct ShuffleOptions {
  std::optional<int> num_partitions = {};  // unless set, the default parallelism
};

namespace ops {

using graph::Where;

// A step that yields rows of type U.
template <class U>
struct Step {
  graph::Operation operation;
};

template <class T>
constexpr graph::RowKernels RowsOf() {
  if constexpr (exec::HasCodec<T> && exec::CanStore<T>) {
    return {&exec::kEncodeKernel<T>, &exec::kDecodeKernel<T>};
  } else {
    return {};
  }
}

template <class Kernel, class In, class Out>
graph::Closure Native(std::string state = {}) {
  return {&exec::Describe<Kernel, In, Out>::descriptor, std::move(state)};
}

template <class F>
std::string StateOf(const F& f) {
  if constexpr (exec::kIsCaptureless<F>) return {};
  exec::Encoder state;
  exec::EncodeFunction(f, state);
  return state.Take();
}

template <class Out, class Kernel, class In, class F>
Step<Out> Narrow(const char* name, const F& f, const Where& where) {
  return {
      {.name = name, .where = where, .kernel = Native<Kernel, In, Out>(StateOf(f)), .rows = RowsOf<Out>()}};
}

// Any function that maps a row; the checks give one readable error each, and the dummy step after a failed
// one keeps the compiler from adding to it.
template <class T, class F>
auto Map(const char* name, const F& f, const Where& where) {
  exec::RequireShippable<F>();
  if constexpr (!exec::kShippable<F>) {
    return Step<T>{};
  } else {
    exec::RequireCallable<const F, T>();
    if constexpr (!exec::kCallable<const F, T>) {
      return Step<T>{};
    } else {
      exec::RequireNoDanglingView<const F, T>();
      using U = std::remove_cvref_t<exec::CallResult<const F, T>>;
      exec::RequireCodec<U>();
      if constexpr (exec::HasCodec<U> && !exec::ReturnsDanglingView<const F, T>) {
        return Narrow<U, exec::MapKernel<T, F>, T>(name, f, where);
      } else {
        return Step<T>{};
      }
    }
  }
}

template <class T, class F>
Step<T> Filter(const F& f, const Where& where) {
  exec::RequireShippable<F>();
  if constexpr (exec::kShippable<F>) {
    exec::RequireCallable<const F, const T&>();
    if constexpr (exec::kCallable<const F, const T&>) {
      return Narrow<T, exec::FilterKernel<T, F>, T>("Filter", f, where);
    }
  }
  return {};
}

template <class Result>
concept YieldsRows = exec::OptionalLike<std::remove_cvref_t<Result>> ||
    requires(std::remove_reference_t<Result>& range) {
  std::begin(range);
  std::end(range);
};

template <class Result>
constexpr void RequireRange() {
  static_assert(YieldsRows<Result>,
                "the function must return a range (a std::vector, a view ...) or a std::optional");
}

template <class T, class F>
auto FlatMap(const char* name, const F& f, const Where& where) {
  exec::RequireShippable<F>();
  if constexpr (!exec::kShippable<F>) {
    return Step<T>{};
  } else if constexpr (exec::SplitsChunks<F> && std::is_convertible_v<const T&, std::string_view>) {
    return Narrow<std::string_view, exec::SplitKernel<T, F>, T>(name, f, where);
  } else {
    exec::RequireCallable<const F, const T&>();
    if constexpr (!exec::kCallable<const F, const T&>) {
      return Step<T>{};
    } else {
      using Result = exec::CallResult<const F, const T&>;
      RequireRange<Result>();
      if constexpr (!YieldsRows<Result>) {
        return Step<T>{};
      } else {
        exec::RequireNoDanglingView<const F, const T&>();
        using U = typename exec::RangeCursor<Result>::Row;
        exec::RequireCodec<U>();
        if constexpr (exec::HasCodec<U> && !exec::ReturnsDanglingView<const F, const T&>) {
          return Narrow<U, exec::FlatMapKernel<T, F>, T>(name, f, where);
        } else {
          return Step<T>{};
        }
      }
    }
  }
}

template <class T, class F>
constexpr void RequireTakesReader() {
  static_assert(std::is_invocable_v<const F&, Reader<T>&>,
                "the function must take a ms::Reader<T>& of this stream's rows");
}

template <class T, class F>
auto MapPartitions(const char* name, const F& f, const Where& where) {
  exec::RequireShippable<F>();
  if constexpr (!exec::kShippable<F>) {
    return Step<T>{};
  } else {
    RequireTakesReader<T, F>();
    if constexpr (!std::is_invocable_v<const F&, Reader<T>&>) {
      return Step<T>{};
    } else {
      using Result = std::invoke_result_t<const F&, Reader<T>&>;
      RequireRange<Result>();
      if constexpr (!YieldsRows<Result>) {
        return Step<T>{};
      } else {
        using U = typename exec::RangeCursor<Result>::Row;
        exec::RequireCodec<U>();
        if constexpr (exec::HasCodec<U>) {
          return Narrow<U, exec::MapPartitionsKernel<T, F>, T>(name, f, where);
        } else {
          return Step<T>{};
        }
      }
    }
  }
}

// A shuffle whose rows keep their type: dealt out in turn.
template <class T>
Step<T> Deal(const char* name, int num_partitions, const Where& where) {
  exec::RequireStorable<T>();
  if constexpr (exec::CanStore<T>) {
    return {{.name = name,
             .where = where,
             .kernel = {RowsOf<T>().decode, {}},
             .shuffle_write = {&exec::kDealKernel<T>, {}},
             .rows = RowsOf<T>(),
             .num_partitions = num_partitions}};
  } else {
    return {};
  }
}

template <class T>
inline constexpr bool kIsPair = false;
template <class K, class V>
inline constexpr bool kIsPair<std::pair<K, V>> = true;

template <class T>
constexpr void RequirePair() {
  static_assert(
      kIsPair<T>,
      "this operation works by key: the rows must be pairs, std::pair<K, V>. Use Map or KeyBy first");
}

// Whether F maps the values of pairs T; if not, its static_asserts have said why.
template <class T, class F>
constexpr bool TakesValues() {
  RequirePair<T>();
  exec::RequireShippable<F>();
  if constexpr (kIsPair<T> && exec::kShippable<F>) {
    using V = typename T::second_type;
    exec::RequireCallable<const F, V>();
    if constexpr (exec::kCallable<const F, V>) {
      exec::RequireNoDanglingView<const F, V>();
      return !exec::ReturnsDanglingView<const F, V>;
    }
  }
  return false;
}

template <class F, class V>
constexpr void RequireCombines() {
  static_assert(
      std::is_invocable_r_v<V, const F&, V, V>,
      "the function must take two values of type V (for ReduceByKey the pair's second type) and return one");
}

template <class K, class V, class F>
Step<std::pair<K, V>> ReduceByKey(const char* name, const F& f, const ShuffleOptions& options,
                                  const Where& where) {
  using Row = std::pair<K, V>;
  exec::RequireShippable<F>();
  exec::RequireStorable<Row>();
  if constexpr (exec::kShippable<F> && exec::CanStore<Row>) {
    RequireCombines<F, V>();
    if constexpr (std::is_invocable_r_v<V, const F&, V, V>) {
      return {{.name = name,
               .where = where,
               .kernel = Native<exec::ReduceByKeyKernel<K, V, F>, void, Row>(StateOf(f)),
               .shuffle_write = Native<exec::CombineKernel<K, V, F>, Row, void>(StateOf(f)),
               .rows = RowsOf<Row>(),
               .num_partitions = options.num_partitions}};
    }
  }
  return {};
}

template <class K, class V>
Step<std::pair<K, std::vector<V>>> GroupByKey(const ShuffleOptions& options, const Where& where) {
  using Row = std::pair<K, V>;
  using Group = std::pair<K, std::vector<V>>;
  exec::RequireStorable<Row>();
  if constexpr (exec::CanStore<Row>) {
    return {{.name = "GroupByKey",
             .where = where,
             .kernel = Native<exec::GroupByKeyKernel<K, V>, void, Group>(),
             .shuffle_write = Native<exec::KeyedWriteKernel<K, V>, Row, void>(),
             .rows = RowsOf<Group>(),
             .num_partitions = options.num_partitions}};
  } else {
    return {};
  }
}

template <class T, class F>
Step<T> Reduce(const F& f, const Where& where) {
  exec::RequireShippable<F>();
  exec::RequireStorable<T>();
  if constexpr (exec::kShippable<F> && exec::CanStore<T>) {
    RequireCombines<F, T>();
    if constexpr (std::is_invocable_r_v<T, const F&, T, T>) {
      return Narrow<T, exec::ReduceKernel<T, F>, T>("Reduce", f, where);
    }
  }
  return {};
}

// The steps of actions that yield nothing: zero rows of a type that can be collected.
template <class T, class F>
Step<int64_t> ForEach(const F& f, const Where& where) {
  exec::RequireShippable<F>();
  if constexpr (exec::kShippable<F>) {
    exec::RequireCallable<const F, T>();
    if constexpr (exec::kCallable<const F, T>) {
      return Narrow<int64_t, exec::ForEachKernel<T, F>, T>("ForEach", f, where);
    }
  }
  return {};
}

template <class T, class F>
Step<int64_t> ForEachPartition(const F& f, const Where& where) {
  exec::RequireShippable<F>();
  if constexpr (exec::kShippable<F>) {
    RequireTakesReader<T, F>();
    if constexpr (std::is_invocable_v<const F&, Reader<T>&>) {
      return Narrow<int64_t, exec::ForEachPartitionKernel<T, F>, T>("ForEachPartition", f, where);
    }
  }
  return {};
}

// Each row as text.
template <class T>
Step<std::string> Texts(const char* name, const Where& where) {
  return {{.name = name,
           .where = where,
           .kernel = {&exec::TextKernel<T>::descriptor, {}},
           .rows = RowsOf<std::string>()}};
}

}  // namespace ops

}  // namespace millstream

#endif  // MILLSTREAM_STEPS_H_
