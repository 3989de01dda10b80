#ifndef MILLSTREAM_CONTEXT_H_
#define MILLSTREAM_CONTEXT_H_

#include <millstream/config.h>
#include <millstream/exec/builtin_kernels.h>
#include <millstream/rdd.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace millstream {

namespace ops {

// How a C++ value lies in an RDD: string literals as std::string.
template <class V>
using RowOf = std::conditional_t<std::is_convertible_v<V, const char*>, std::string, exec::StorageOf<V>>;

template <class T, class V>
T OwnedRow(const V& value) {
  if constexpr (std::is_convertible_v<const V&, T>) {
    return value;
  } else {
    return exec::ConvertText<T>(value);
  }
}

// Rows of a range, encoded, in `partitions` slices of equal length: [i * n / k, (i + 1) * n / k).
template <class T, class Range>
std::vector<exec::Slices> EncodePartitions(const Range& rows, size_t count, int partitions) {
  std::vector<exec::Slices> encoded(static_cast<size_t>(partitions));
  auto row = std::begin(rows);
  exec::Encoder bytes;
  for (size_t p = 0, i = 0; p < encoded.size(); ++p) {
    exec::SliceWriter writer;
    for (const size_t end = count * (p + 1) / encoded.size(); i < end; ++i, ++row) {
      bytes.Clear();
      exec::Codec<T>::Encode(OwnedRow<T>(*row), bytes);
      writer.Append(bytes.view());
    }
    encoded[p] = writer.Take();
  }
  return encoded;
}

}  // namespace ops

// A driver and its executors: makes RDDs and runs their actions. At most one per process lives at a time; any
// number one after another. Thread-safe.
class Context {
 public:
  using Where = graph::Where;

  // Starts the driver, and the executors that the master names. A configuration that cannot hold is kept and
  // returned by every action: status() tells at once.
  explicit Context(const Config& config);
  // On a driver and executors that run already; for tests of the engine.
  explicit Context(std::shared_ptr<graph::ContextCore> core);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  absl::Status status() const;
  // Ends the executors; actions fail from now on. Idempotent.
  void Stop();
  int DefaultParallelism() const;

  // The rows of `values`, in `num_partitions` slices; unless set, the default parallelism.
  template <std::ranges::sized_range Range>
  auto Parallelize(const Range& values, std::optional<int> num_partitions = {},
                   const Where& where = Where::current()) {
    using T = ops::RowOf<std::ranges::range_value_t<Range>>;
    exec::RequireCodec<T>();
    const int partitions = Partitions(num_partitions);
    if (partitions <= 0) return RDD<T>(NoPartitions("Parallelize", partitions, where));
    exec::RequireStorable<T>();
    std::vector<exec::Slices> encoded;
    if constexpr (exec::HasCodec<T>)
      encoded = ops::EncodePartitions<T>(values, std::ranges::size(values), partitions);
    return RDD<T>(graph::Collection(core_, "Parallelize", std::move(encoded), ops::RowsOf<T>(), where));
  }
  template <class V>
  auto Parallelize(std::initializer_list<V> values, std::optional<int> num_partitions = {},
                   const Where& where = Where::current()) {
    return Parallelize(std::vector<V>(values), num_partitions, where);
  }

  // first, first + step ... up to but without `last`. A step of 0 is a mistake.
  RDD<int64_t> Range(int64_t first, int64_t last, int64_t step = 1, std::optional<int> num_partitions = {},
                     const Where& where = Where::current());

  // The lines of a file, of all files of a directory (but hidden ones), or of all that match a glob pattern,
  // as views.
  RDD<std::string_view> TextFile(const std::string& path, int min_partitions = 0,
                                 const Where& where = Where::current());

  // The rows of all, one RDD after another; any range of RDD<T>.
  template <std::ranges::input_range Rdds>
  auto Union(const Rdds& rdds, const Where& where = Where::current()) {
    using Handle = std::ranges::range_value_t<Rdds>;
    std::vector<graph::Rdd> parents;
    if constexpr (std::ranges::sized_range<Rdds>) parents.reserve(std::ranges::size(rdds));
    for (const Handle& rdd : rdds) parents.push_back(rdd.untyped());
    return UnionOf<Handle>(parents, where);
  }
  template <class T>
  RDD<T> Union(std::initializer_list<RDD<T>> rdds, const Where& where = Where::current()) {
    return Union(std::vector<RDD<T>>(rdds), where);
  }

  // No rows, no partitions.
  template <class T>
  RDD<T> EmptyRdd(const Where& where = Where::current()) {
    return RDD<T>(graph::Source(
        core_,
        {.name = "EmptyRdd", .where = where, .kernel = {&exec::kEmptyKernel, {}}, .rows = ops::RowsOf<T>()},
        0));
  }

  const std::shared_ptr<graph::ContextCore>& core() const { return core_; }

 private:
  int Partitions(std::optional<int> asked) const { return asked ? *asked : DefaultParallelism(); }
  graph::Rdd NoPartitions(const char* name, int partitions, const Where& where);
  template <class Handle>
  Handle UnionOf(std::vector<graph::Rdd>& parents, const Where& where) {
    if (parents.empty()) return Handle(EmptyOf(Handle{}, where));
    return Handle(graph::Union(parents, RowsOfHandle(Handle{}), where));
  }
  template <class T>
  RDD<T> EmptyOf(const RDD<T>&, const Where& where) {
    return EmptyRdd<T>(where);
  }
  template <class T>
  static graph::RowKernels RowsOfHandle(const RDD<T>&) {
    return ops::RowsOf<T>();
  }

  std::shared_ptr<graph::ContextCore> core_;
};

}  // namespace millstream

#endif  // MILLSTREAM_CONTEXT_H_
