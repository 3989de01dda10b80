// What RDDs and DStreams have in common: the operations on rows, each one step of graph.h.
#ifndef MILLSTREAM_OPERATIONS_H_
#define MILLSTREAM_OPERATIONS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <millstream/exec/builtin_kernels.h>
#include <millstream/exec/narrow_kernels.h>
#include <millstream/exec/row_kernels.h>
#include <millstream/exec/shuffle_kernels.h>
#include <millstream/exec/storage_of.h>
#include <millstream/graph.h>
#include <millstream/text.h>

namespace millstream {

template <class T>
class RDD;
template <class T>
class DStream;

// Options of operations that shuffle.
struct ShuffleOptions {
  int num_partitions = 0;  // 0: the default parallelism
};

struct CoalesceOptions {
  bool shuffle = false;  // true: may also raise the number of partitions, and balances them
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
    return {&exec::Describe<exec::EncodeKernel<T>, T, void>::descriptor,
            &exec::Describe<exec::DecodeKernel<T>, void, T>::descriptor};
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
  exec::Encoder state;
  exec::EncodeFunction(f, state);
  return state.Take();
}

template <class Out, class Kernel, class In, class F>
Step<Out> Narrow(const char* name, const F& f, const Where& where) {
  return {{.name = name, .where = where, .kernel = Native<Kernel, In, Out>(StateOf(f)), .rows = RowsOf<Out>()}};
}

// Any function that maps a row; the checks give one readable error each, and the dummy step after a failed one keeps
// the compiler from adding to it.
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
concept YieldsRows = exec::OptionalLike<std::remove_cvref_t<Result>> || requires(std::remove_reference_t<Result>& range) {
  std::begin(range);
  std::end(range);
};

template <class Result>
constexpr void RequireRange() {
  static_assert(YieldsRows<Result>, "the function must return a range (a std::vector, a view ...) or a std::optional");
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
  static_assert(std::is_invocable_v<const F&, Reader<T>&>, "the function must take a ms::Reader<T>& of this stream's rows");
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
             .shuffle_write = Native<exec::DealKernel<T>, T, void>(),
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
  static_assert(kIsPair<T>, "this operation works by key: the rows must be pairs, std::pair<K, V>. Use Map or KeyBy first");
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
  static_assert(std::is_invocable_r_v<V, const F&, V, V>,
                "the function must take two values of type V (for ReduceByKey the pair's second type) and return one");
}

template <class K, class V, class F>
Step<std::pair<K, V>> ReduceByKey(const char* name, const F& f, const ShuffleOptions& options, const Where& where) {
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

inline Step<int64_t> CountRows(const Where& where) {
  return {{.name = "Count", .where = where, .kernel = {&exec::kCountKernel, {}}, .rows = RowsOf<int64_t>()}};
}

// The functions of derived operations.
struct Sum {
  std::vector<int64_t> operator()(Reader<int64_t>& counts) const {
    int64_t total = 0;
    for (int64_t count : counts) total += count;
    return {total};
  }
};
struct Add {
  int64_t operator()(int64_t a, int64_t b) const { return a + b; }
};
struct Present {};  // a value that says only that its key is there
struct KeepFirst {
  Present operator()(Present, Present) const { return {}; }
};
template <class T>
struct ToOwned {
  exec::StorageOf<T> operator()(T&& row) const { return exec::ToStorage(std::move(row)); }
};
// Between streams that differ only in who owns their text.
template <class To, class From>
struct ToTextOf {
  To operator()(const From& row) const { return exec::ConvertText<To>(row); }
};
template <class T>
struct PairWithOne {
  std::pair<T, int64_t> operator()(T&& row) const { return {std::move(row), 1}; }
};
template <class T>
struct PairWithPresent {
  std::pair<T, Present> operator()(T&& row) const { return {std::move(row), {}}; }
};
struct TakeFirst {
  template <class K, class V>
  K operator()(std::pair<K, V> row) const {
    return std::move(row.first);
  }
};
// These take the row by reference, as what they return may view it.
template <class F>
struct OnValue {
  F f;
  template <class K, class V>
  auto operator()(std::pair<K, V>&& row) const {
    using W = std::remove_cvref_t<exec::CallResult<const F, V>>;
    return std::pair<K, W>(std::move(row.first), exec::Call(f, std::move(row.second)));
  }
};
template <class K, class W>
struct PairsOfKey {
  const K& key;
  std::vector<std::pair<K, W>> pairs = {};
  static constexpr bool full() { return false; }
  template <class Value>
  void Emplace(Value&& value) {
    pairs.emplace_back(key, std::forward<Value>(value));
  }
};
template <class F>
struct OnEachValue {
  F f;
  template <class K, class V>
  auto operator()(const std::pair<K, V>& row) const {
    using Values = exec::RangeCursor<exec::CallResult<const F, const V&>>;
    PairsOfKey<K, typename Values::Row> rows{row.first};
    Values(exec::Call(f, row.second)).Fill(rows);
    return std::move(rows.pairs);
  }
};
template <class F>
struct WithKey {
  F f;
  template <class T>
  auto operator()(T&& row) const {
    using K = std::remove_cvref_t<exec::CallResult<const F, const T&>>;
    if constexpr (exec::HasView<K>) {
      return std::pair<K, T>(exec::Call(f, std::as_const(row)), std::as_const(row));
    } else {
      K key = exec::Call(f, std::as_const(row));
      return std::pair<K, T>(std::move(key), std::move(row));
    }
  }
};

}  // namespace ops

// The operations on rows that RDDs and DStreams share. Handle is RDD or DStream. Functions run in tasks, must be
// shippable (exec/function.h), may throw, and where T is a pair or tuple may take its parts. None of these throws or
// fails: the first mistake is kept with its file and line, for the action or Start().
template <template <class> class Handle, class T>
class Operations {
 public:
  using Where = graph::Where;

  // Each row through `f`.
  template <class F>
  auto Map(F f, const Where& where = Where::current()) const {
    return Then(ops::Map<T>("Map", f, where));
  }

  // Each row's range of results, or optional result, one after another.
  template <class F>
  auto FlatMap(F f, const Where& where = Where::current()) const {
    return Then(ops::FlatMap<T>("FlatMap", f, where));
  }

  // The rows for which `f` is true.
  template <class F>
  Handle<T> Filter(F f, const Where& where = Where::current()) const {
    return Then(ops::Filter<T>(f, where));
  }

  // `f` gets a Reader<T>& of each partition, empty ones too, and returns a range of rows.
  template <class F>
  auto MapPartitions(F f, const Where& where = Where::current()) const {
    return Then(ops::MapPartitions<T>("MapPartitions", f, where));
  }

  // Each partition's rows as one vector.
  Handle<std::vector<exec::StorageOf<T>>> Glom(const Where& where = Where::current()) const {
    using Out = std::vector<exec::StorageOf<T>>;
    exec::RequireStorable<T>();
    if constexpr (exec::CanStore<T>) {
      return Then(ops::Step<Out>{{.name = "Glom",
                                  .where = where,
                                  .kernel = ops::Native<exec::GlomKernel<T>, T, Out>(),
                                  .rows = ops::RowsOf<Out>()}});
    } else {
      return Then(ops::Step<Out>{});
    }
  }

  // The same rows with owning values in place of views.
  Handle<exec::StorageOf<T>> Owned(const Where& where = Where::current()) const {
    return Then(ops::Map<T>("Owned", ops::ToOwned<T>{}, where));
  }

  // The same rows, dealt out evenly to `num_partitions` partitions.
  Handle<T> Repartition(int num_partitions, const Where& where = Where::current()) const {
    return Then(ops::Deal<T>("Repartition", num_partitions <= 0 ? -1 : num_partitions, where));
  }

  // Pairs only, from here on.

  // Each pair's value through `f`; keys stay.
  template <class F>
  auto MapValues(F f, const Where& where = Where::current()) const {
    if constexpr (ops::TakesValues<T, F>()) {
      return Then(ops::Map<T>("MapValues", ops::OnValue<F>{std::move(f)}, where));
    } else {
      return Then(ops::Step<T>{});
    }
  }

  // Each pair's value through `f`, which returns a range; one pair for each result.
  template <class F>
  auto FlatMapValues(F f, const Where& where = Where::current()) const {
    if constexpr (ops::TakesValues<T, F>()) {
      return Then(ops::FlatMap<T>("FlatMapValues", ops::OnEachValue<F>{std::move(f)}, where));
    } else {
      return Then(ops::Step<T>{});
    }
  }

  // The values of each key folded with `f`, an associative and commutative function: in tasks first, then across them.
  template <class F>
  Handle<T> ReduceByKey(F f, const ShuffleOptions& options = {}, const Where& where = Where::current()) const {
    ops::RequirePair<T>();
    if constexpr (ops::kIsPair<T>) {
      return Then(ops::ReduceByKey<typename T::first_type, typename T::second_type>("ReduceByKey", f, options, where));
    } else {
      return Then(ops::Step<T>{});
    }
  }

  // Each key with the vector of its values, in input order.
  auto GroupByKey(const ShuffleOptions& options = {}, const Where& where = Where::current()) const {
    ops::RequirePair<T>();
    if constexpr (ops::kIsPair<T>) {
      return Then(ops::GroupByKey<typename T::first_type, typename T::second_type>(options, where));
    } else {
      return Then(ops::Step<T>{});
    }
  }

 protected:
  template <class U>
  Handle<U> Then(ops::Step<U> step) const {
    return Handle<U>(graph::Apply(static_cast<const Handle<T>*>(this)->untyped(), step.operation));
  }

  // The rows as type U, which differs from T only in who owns text.
  template <class U>
  Handle<U> As(const Where& where) const {
    if constexpr (std::is_same_v<T, U>) {
      return *static_cast<const Handle<T>*>(this);
    } else {
      static_assert(std::is_same_v<exec::StorageOf<T>, exec::StorageOf<U>>, "the rows of both must be of one type");
      return Then(ops::Map<T>("As", ops::ToTextOf<U, T>{}, where));
    }
  }
};

}  // namespace millstream

#endif  // MILLSTREAM_OPERATIONS_H_
