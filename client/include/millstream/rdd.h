#ifndef MILLSTREAM_RDD_H_
#define MILLSTREAM_RDD_H_

#include <millstream/exec/builtin_kernels.h>
#include <millstream/operations.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace millstream {

namespace ops {

// Decodes the rows of `slices` into owning values; false at the first that does not decode.
template <class T, class Visit>
absl::Status ForEachRow(const exec::Slices& slices, Visit visit) {
  for (const exec::Bytes& slice : slices) {
    for (exec::Decoder decoder(slice.view); !decoder.empty();) {
      T row{};
      if (!exec::Codec<T>::Decode(decoder, row)) return absl::DataLossError("a result does not decode");
      if (!visit(std::move(row))) return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

// Fold's function in tasks: from zero over a partition's rows.
template <class T, class F>
struct FoldPartition {
  exec::StorageOf<T> zero;
  F f;
  std::vector<exec::StorageOf<T>> operator()(Reader<T>& rows) const {
    exec::StorageOf<T> total = zero;
    F fold = f;
    for (T& row : rows) exec::FoldInto<T>(fold, total, std::move(row));
    return {std::move(total)};
  }
};

}  // namespace ops

// An immutable collection of rows in partitions, described by how it is computed and computed by actions
// (Spark's RDD). A cheap handle: copies mean the same RDD. Thread-safe. Valid as long as its Context runs;
// the input of a batch is gone after the batch.
template <class T>
class RDD : public Operations<RDD, T> {
 public:
  using Where = graph::Where;
  using Value = exec::StorageOf<T>;  // an owning T: what actions return

  RDD() = default;
  explicit RDD(graph::Rdd rdd) : rdd_(std::move(rdd)) {}
  explicit operator bool() const { return rdd_.node != nullptr; }
  const graph::Rdd& untyped() const { return rdd_; }

  int NumPartitions() const { return graph::NumPartitions(rdd_); }
  uint64_t Id() const { return graph::Id(rdd_); }

  // --- Transformations; see Operations for the others.

  template <class F>
  auto KeyBy(F f, const Where& where = Where::current()) const {
    exec::RequireShippable<F>();
    if constexpr (exec::kShippable<F>) {
      exec::RequireCallable<const F, const T&>();
      if constexpr (exec::kCallable<const F, const T&>) {
        exec::RequireNoDanglingView<const F, const T&>();
        return this->Then(ops::Map<T>("KeyBy", ops::WithKey<F>{std::move(f)}, where));
      } else {
        return *this;
      }
    } else {
      return *this;
    }
  }

  // The rows of this and then of `other`; no shuffle. `other` may own its text where this has views, and the
  // reverse.
  template <class U>
  RDD Union(const RDD<U>& other, const Where& where = Where::current()) const {
    const graph::Rdd both[] = {rdd_, other.template TextAs<T>(where).untyped()};
    return RDD(graph::Union(both, ops::RowsOf<T>(), where));
  }

  // Each distinct row once.
  RDD Distinct(const ShuffleOptions& options = {}, const Where& where = Where::current()) const {
    exec::RequireStorable<T>();
    if constexpr (exec::CanStore<T>) {
      auto pairs = this->Then(ops::Map<T>("Distinct", ops::PairWithPresent<T>{}, where));
      auto once = RDD<std::pair<T, ops::Present>>(graph::Apply(
          pairs.untyped(),
          ops::ReduceByKey<T, ops::Present>("Distinct", ops::KeepFirst{}, options, where).operation));
      return RDD(
          graph::Apply(once.untyped(),
                       ops::Map<std::pair<T, ops::Present>>("Distinct", ops::TakeFirst{}, where).operation));
    } else {
      return *this;
    }
  }

  // At most `num_partitions` partitions, made of neighbouring ones without a shuffle; with one, any number.
  RDD Coalesce(int num_partitions, const CoalesceOptions& options = {},
               const Where& where = Where::current()) const {
    if (options.shuffle) {
      return this->Then(ops::Deal<T>("Coalesce", num_partitions, where));
    }
    return RDD(graph::Coalesce(rdd_, num_partitions, ops::RowsOf<T>(), where));
  }

  // Pairs of the rows of both, which must have equally many partitions and rows in each.
  template <class U>
  RDD<std::pair<T, U>> Zip(const RDD<U>& other, const Where& where = Where::current()) const {
    using Row = std::pair<T, U>;
    return RDD<Row>(graph::ApplyToTwo(rdd_, other.untyped(),
                                      {.name = "Zip",
                                       .where = where,
                                       .kernel = ops::Native<exec::ZipKernel<T, U>, void, Row>(),
                                       .rows = ops::RowsOf<Row>()}));
  }

  // Keeps the rows after they were first computed.
  const RDD& Persist(StorageLevel level = StorageLevel::kMemoryOnly) const {
    exec::RequireStorable<T>();
    graph::Persist(rdd_, level);
    return *this;
  }
  const RDD& Cache() const { return Persist(); }
  const RDD& Unpersist() const {
    graph::Unpersist(rdd_);
    return *this;
  }
  // What errors and Lineage() call it.
  const RDD& Named(std::string_view name) const {
    graph::Name(rdd_, name);
    return *this;
  }

  // --- Actions. They run a job and wait. An error names the operation and the cause.

  absl::StatusOr<std::vector<Value>> Collect() const {
    exec::RequireStorable<T>();
    std::vector<Value> rows;
    if constexpr (exec::CanStore<T>) {
      absl::Status status = Gather("Collect", [&rows](Value&& row) {
        rows.push_back(std::move(row));
        return true;
      });
      if (!status.ok()) return status;
    }
    return rows;
  }

  absl::StatusOr<int64_t> Count() const { return graph::Count(rdd_); }

  // All rows folded with `f`, an associative and commutative function. FailedPrecondition if there are none.
  template <class F>
  absl::StatusOr<Value> Reduce(F f, const Where& where = Where::current()) const {
    std::optional<Value> total;
    absl::Status folded;
    absl::Status status = this->Then(ops::Reduce<T>(f, where)).Gather("Reduce", [&](Value&& row) {
      if (total) {
        folded = FoldOnDriver("Reduce", f, *total, row);
      } else {
        total = std::move(row);
      }
      return folded.ok();
    });
    if (status.ok()) status = folded;
    if (!status.ok()) return status;
    if (!total) return absl::FailedPreconditionError("Reduce: empty collection");
    return *std::move(total);
  }

  // `zero` and all rows folded with `f`: from `zero` in each partition, and from `zero` over those results.
  template <class F>
  absl::StatusOr<Value> Fold(Value zero, F f, const Where& where = Where::current()) const {
    exec::RequireShippable<F>();
    exec::RequireStorable<T>();
    Value total = zero;
    if constexpr (exec::kShippable<F> && exec::CanStore<T>) {
      ops::FoldPartition<T, F> fold{std::move(zero), f};
      absl::Status folded;
      absl::Status status =
          this->Then(ops::MapPartitions<T>("Fold", fold, where)).Gather("Fold", [&](Value&& row) {
            folded = FoldOnDriver("Fold", f, total, row);
            return folded.ok();
          });
      if (status.ok()) status = folded;
      if (!status.ok()) return status;
    }
    return total;
  }

  // The first `n` rows, in partition order; computes no more partitions than it needs.
  absl::StatusOr<std::vector<Value>> Take(int64_t n) const {
    exec::RequireStorable<T>();
    std::vector<Value> rows;
    if constexpr (exec::CanStore<T>) {
      if (n <= 0) return rows;
      exec::Encoder state;
      state.PutVarint(static_cast<uint64_t>(n));
      const RDD first(graph::Apply(rdd_, {.name = "Take",
                                          .where = Where::current(),
                                          .kernel = {&exec::kLimitKernel, state.Take()},
                                          .rows = ops::RowsOf<T>()}));
      absl::Status decoded;
      absl::Status status = graph::RunUntil(first.untyped(), "Take", [&](const exec::Slices& slices) {
        decoded = ops::ForEachRow<Value>(slices, [&](Value&& row) {
          rows.push_back(std::move(row));
          return static_cast<int64_t>(rows.size()) < n;
        });
        return !decoded.ok() || static_cast<int64_t>(rows.size()) >= n;
      });
      if (!status.ok()) return status;
      if (!decoded.ok()) return decoded;
    }
    return rows;
  }

  // FailedPrecondition if there are no rows.
  absl::StatusOr<Value> First() const {
    absl::StatusOr<std::vector<Value>> rows = Take(1);
    if (!rows.ok()) return rows.status();
    if (rows->empty()) return absl::FailedPreconditionError("First: empty collection");
    return std::move(rows->front());
  }

  // Calls `f` with each row, in tasks.
  template <class F>
  absl::Status ForEach(F f, const Where& where = Where::current()) const {
    return graph::Run(graph::Apply(rdd_, ops::ForEach<T>(f, where).operation), "ForEach").status();
  }
  // Calls `f` with a Reader<T>& of each partition, in tasks.
  template <class F>
  absl::Status ForEachPartition(F f, const Where& where = Where::current()) const {
    return graph::Run(graph::Apply(rdd_, ops::ForEachPartition<T>(f, where).operation), "ForEachPartition")
        .status();
  }

  // Pairs only. A key that occurs more than once keeps its last value.
  auto CollectAsMap() const {
    ops::RequirePair<T>();
    using Map = std::unordered_map<typename Value::first_type, typename Value::second_type>;
    Map map;
    absl::Status status = Gather("CollectAsMap", [&map](Value&& row) {
      map.insert_or_assign(std::move(row.first), std::move(row.second));
      return true;
    });
    if (!status.ok()) return absl::StatusOr<Map>(status);
    return absl::StatusOr<Map>(std::move(map));
  }

  // One file per partition, part-00000 and so on, a line per row, and _SUCCESS when all are there.
  // AlreadyExists if `directory` exists.
  absl::Status SaveAsTextFile(const std::string& directory, const Where& where = Where::current()) const {
    return graph::SaveAsTextFile(this->Then(ops::Texts<T>("SaveAsTextFile", where)).untyped(), directory);
  }

  // How it is computed, in the layout of Spark's toDebugString.
  std::string Lineage() const { return graph::Lineage(rdd_); }

  // The same rows as U, which differs from T only in who owns text.
  template <class U>
  RDD<U> TextAs(const Where& where) const {
    return this->template As<U>(where);
  }

  // Runs `action` and visits every row in partition order until `visit` returns false.
  template <class Visit>
  absl::Status Gather(const char* action, Visit visit) const {
    absl::StatusOr<std::vector<exec::Slices>> partitions = graph::Run(rdd_, action);
    if (!partitions.ok()) return partitions.status();
    for (const exec::Slices& slices : *partitions) {
      absl::Status status = ops::ForEachRow<Value>(slices, visit);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  template <class F>
  static absl::Status FoldOnDriver(const char* name, F& f, Value& total, Value& row) {
    return graph::CallUser(name, [&] {
      exec::FoldInto<T>(f, total, exec::Borrow<T>(row));
      return absl::OkStatus();
    });
  }

  graph::Rdd rdd_;
};

}  // namespace millstream

#endif  // MILLSTREAM_RDD_H_
