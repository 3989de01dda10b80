#ifndef MILLSTREAM_DSTREAM_H_
#define MILLSTREAM_DSTREAM_H_

#include <millstream/batch.h>
#include <millstream/rdd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace millstream {

namespace ops {

// Calls a driver-side function with or without the batch.
template <class F, class... Rdds>
decltype(auto) CallWithBatch(F& f, const Batch& batch, const Rdds&... rdds) {
  if constexpr (std::is_invocable_v<F&, const Rdds&..., const Batch&>) {
    return f(rdds..., batch);
  } else {
    return f(rdds...);
  }
}

template <class F, class... Rdds>
using BatchResult =
    decltype(CallWithBatch(std::declval<F&>(), std::declval<const Batch&>(), std::declval<const Rdds&>()...));

// Void functions and functions that return a status.
template <class Call>
absl::Status StatusOf(Call call) {
  if constexpr (std::is_void_v<decltype(call())>) {
    call();
    return absl::OkStatus();
  } else {
    return call();
  }
}

template <class T>
struct RowOfRdd;
template <class T>
struct RowOfRdd<RDD<T>> {
  using Type = T;
};

// Runs a Transform function; an RDD that was never set is a mistake.
template <class F, class... Rdds>
absl::StatusOr<graph::Rdd> BuildRdd(const char* name, F& f, const Batch& batch, const Rdds&... rdds) {
  graph::Rdd built;
  absl::Status status = graph::CallUser(name, [&] {
    built = CallWithBatch(f, batch, rdds...).untyped();
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  if (built.node == nullptr) {
    return absl::InvalidArgumentError(std::string(name) +
                                      ": the function returned no RDD. Return ssc.context().EmptyRdd<T>() "
                                      "for no rows");
  }
  return built;
}

}  // namespace ops

// A stream of rows: one RDD per batch (Spark's DStream). A cheap handle: copies mean the same stream. To be
// built before StreamingContext::Start(), by one thread.
template <class T>
class DStream : public Operations<DStream, T> {
 public:
  using Where = graph::Where;

  explicit DStream(graph::Stream stream) : stream_(std::move(stream)) {}
  const graph::Stream& untyped() const { return stream_; }

  // The number of rows of each batch: one row, 0 for an empty batch.
  DStream<int64_t> Count(const Where& where = Where::current()) const {
    return DStream<int64_t>(graph::Count(stream_, where));
  }

  // How often each row occurs in the batch.
  DStream<std::pair<T, int64_t>> CountByValue(const ShuffleOptions& options = {},
                                              const Where& where = Where::current()) const {
    using Pair = std::pair<T, int64_t>;
    auto ones = this->Then(ops::Map<T>("CountByValue", ops::PairWithOne<T>{}, where));
    return DStream<Pair>(graph::Apply(
        ones.untyped(), ops::ReduceByKey<T, int64_t>("CountByValue", ops::Add{}, options, where).operation));
  }

  // All rows of the batch folded with `f`, an associative and commutative function: one row, none for an
  // empty batch.
  template <class F>
  DStream Reduce(F f, const Where& where = Where::current()) const {
    const ops::Step<T> fold = ops::Reduce<T>(f, where);
    const graph::Stream partial = graph::Apply(stream_, fold.operation);
    const graph::Stream gathered = graph::Apply(partial, ops::Deal<T>("Reduce", 1, where).operation);
    return DStream(graph::Apply(gathered, fold.operation));
  }

  // The rows of both. `other` may own its text where this has views, and the reverse.
  template <class U>
  DStream Union(const DStream<U>& other, const Where& where = Where::current()) const {
    const graph::Stream both[] = {stream_, other.template TextAs<T>(where).untyped()};
    return DStream(graph::Union(stream_.graph, both, ops::RowsOf<T>(), where));
  }

  // Any RDD operation: `f`, which may capture, gets the batch's RDD<T> (and the Batch) on the driver and
  // returns an RDD.
  template <class F>
  auto Transform(F f, const Where& where = Where::current()) const {
    using U = typename ops::RowOfRdd<std::remove_cvref_t<ops::BatchResult<F, RDD<T>>>>::Type;
    const graph::Stream parents[] = {stream_};
    return DStream<U>(graph::Transform(
        stream_.graph, parents, "Transform",
        [f = std::make_shared<F>(std::move(f))](std::span<const graph::Rdd> rdds, const Batch& batch) {
          return ops::BuildRdd("Transform", *f, batch, RDD<T>(rdds[0]));
        },
        where));
  }

  // The same over this stream's and `other`'s RDDs of the same batch.
  template <class V, class F>
  auto TransformWith(const DStream<V>& other, F f, const Where& where = Where::current()) const {
    using U = typename ops::RowOfRdd<std::remove_cvref_t<ops::BatchResult<F, RDD<T>, RDD<V>>>>::Type;
    const graph::Stream parents[] = {stream_, other.untyped()};
    return DStream<U>(graph::Transform(
        stream_.graph, parents, "TransformWith",
        [f = std::make_shared<F>(std::move(f))](std::span<const graph::Rdd> rdds, const Batch& batch) {
          return ops::BuildRdd("TransformWith", *f, batch, RDD<T>(rdds[0]), RDD<V>(rdds[1]));
        },
        where));
  }

  // Keeps each batch's rows for the batch, after they were first computed.
  const DStream& Persist(StorageLevel level = StorageLevel::kMemoryOnlySer,
                         const Where& where = Where::current()) const {
    exec::RequireStorable<T>();
    graph::Persist(stream_, level, where);
    return *this;
  }
  const DStream& Cache(const Where& where = Where::current()) const {
    return Persist(StorageLevel::kMemoryOnlySer, where);
  }

  // What errors call it; later also what its state is found by.
  const DStream& Named(std::string_view name) const {
    graph::Name(stream_, name);
    return *this;
  }

  // --- Outputs: they run once per batch, in the order in which they were registered.

  // Calls `f`, which may capture, on the driver with the batch's RDD<T> (and the Batch). If it returns a
  // status, that decides the batch.
  template <class F>
  void ForEachRdd(F f, const Where& where = Where::current()) const {
    graph::Output(
        stream_, "ForEachRdd",
        [f = std::make_shared<F>(std::move(f))](const graph::Rdd& rdd, const Batch& batch) {
          return graph::CallUser("ForEachRdd", [&] {
            return ops::StatusOf(
                [&]() -> decltype(auto) { return ops::CallWithBatch(*f, batch, RDD<T>(rdd)); });
          });
        },
        where);
  }

  // Prints the first `n` rows of each batch to stdout, framed as Spark does.
  void Print(int n = 10, const Where& where = Where::current()) const {
    graph::Print(this->Then(ops::Texts<T>("Print", where)).untyped(), n, where);
  }

  // The same rows as U, which differs from T only in who owns text.
  template <class U>
  DStream<U> TextAs(const Where& where) const {
    return this->template As<U>(where);
  }

 private:
  graph::Stream stream_;
};

}  // namespace millstream

#endif  // MILLSTREAM_DSTREAM_H_
