// What RDDs and DStreams have in common: the operations on rows, each one step of graph.h.
#ifndef MILLSTREAM_OPERATIONS_H_
#define MILLSTREAM_OPERATIONS_H_

#include <millstream/steps.h>

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace millstream {

template <class T>
class RDD;
template <class T>
class DStream;

struct CoalesceOptions {
  bool shuffle = false;  // true: may also raise the number of partitions, and balances them
};

namespace ops {

// The functions of derived operations.
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
      return std::pair<K, T>(std::move(key), std::forward<T>(row));
    }
  }
};

}  // namespace ops

// The operations on rows that RDDs and DStreams share. Handle is RDD or DStream. Functions run in tasks, must
// be shippable (exec/function.h), may throw, and where T is a pair or tuple may take its parts. None of these
// throws or fails: the first mistake is kept with its file and line, for the action or Start().
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
    return Then(ops::Deal<T>("Repartition", num_partitions, where));
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

  // The values of each key folded with `f`, an associative and commutative function: in tasks first, then
  // across them.
  template <class F>
  Handle<T> ReduceByKey(F f, const ShuffleOptions& options = {},
                        const Where& where = Where::current()) const {
    ops::RequirePair<T>();
    if constexpr (ops::kIsPair<T>) {
      return Then(ops::ReduceByKey<typename T::first_type, typename T::second_type>("ReduceByKey", f, options,
                                                                                    where));
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
      static_assert(std::is_same_v<exec::StorageOf<T>, exec::StorageOf<U>>,
                    "the rows of both must be of one type");
      return Then(ops::Map<T>("As", ops::ToTextOf<U, T>{}, where));
    }
  }
};

}  // namespace millstream

#endif  // MILLSTREAM_OPERATIONS_H_
