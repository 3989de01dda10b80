// The untyped layer under RDD<T> and DStream<T>: handles to plan nodes, and the steps that build them.
// Programs do not name it; templates end here.
#ifndef MILLSTREAM_GRAPH_H_
#define MILLSTREAM_GRAPH_H_

#include <millstream/batch.h>
#include <millstream/exec/bytes.h>
#include <millstream/exec/kernel.h>
#include <millstream/exec/storage_level.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millstream::plan {
struct Node;
}  // namespace millstream::plan

namespace millstream::graph {

using Where = std::source_location;

struct Closure {
  const exec::KernelDescriptor* kernel = nullptr;
  std::string state;
};

// How rows of one type are kept: encoded into slices and back. Without kernels, they cannot be.
struct RowKernels {
  const exec::KernelDescriptor* encode = nullptr;
  const exec::KernelDescriptor* decode = nullptr;
};

// One step from rows to rows.
struct Operation {
  const char* name = "";  // "Map"
  Where where = {};
  Closure kernel = {};
  Closure shuffle_write = {};  // with a kernel: a shuffle lies before `kernel`, and this writes it
  RowKernels rows = {};        // of the result
  std::optional<int> num_partitions = {};  // of a shuffle, if not the default; less than 1: a mistake
};

class ContextCore;
struct StreamNode;
class StreamGraph;

// An RDD without its type. Null until built.
struct Rdd {
  std::shared_ptr<const plan::Node> node;
  std::shared_ptr<ContextCore> context;
};

// A DStream without its type.
struct Stream {
  std::shared_ptr<StreamNode> node;
  std::shared_ptr<StreamGraph> graph;
};

Rdd Apply(const Rdd& parent, const Operation& operation);
Rdd ApplyToTwo(const Rdd& left, const Rdd& right, const Operation& operation);  // both partition by partition
Rdd Union(std::span<const Rdd> parents, const RowKernels& rows, const Where& where);
Rdd Coalesce(const Rdd& parent, int num_partitions, const RowKernels& rows, const Where& where);
Rdd Source(const std::shared_ptr<ContextCore>& context, const Operation& operation, int partitions);
// Rows that live on the driver, encoded.
Rdd Collection(const std::shared_ptr<ContextCore>& context, const char* name,
               std::vector<exec::Slices> partitions, const RowKernels& rows, const Where& where);
void Persist(const Rdd& rdd, StorageLevel level);
void Unpersist(const Rdd& rdd);
void Name(const Rdd& rdd, std::string_view name);
int NumPartitions(const Rdd& rdd);
uint64_t Id(const Rdd& rdd);
std::string Lineage(const Rdd& rdd);
// An RDD that only carries a building mistake.
Rdd Mistake(const Rdd& like, const absl::Status& mistake, const Where& where);

// Runs an action: the encoded rows of each partition, in order.
absl::StatusOr<std::vector<exec::Slices>> Run(const Rdd& rdd, const char* action);
// Scans partitions, a few at first, until `done` of the slices of one partition says so.
absl::Status RunUntil(const Rdd& rdd, const char* action,
                      const std::function<bool(const exec::Slices&)>& done);
absl::StatusOr<int64_t> Count(const Rdd& rdd);
absl::Status SaveAsTextFile(const Rdd& texts, const std::string& directory);

Stream Apply(const Stream& parent, const Operation& operation);
Stream Union(const std::shared_ptr<StreamGraph>& graph, std::span<const Stream> parents,
             const RowKernels& rows, const Where& where);
// How many rows each batch has: one int64_t row.
Stream Count(const Stream& stream, const Where& where);
// `f` builds each batch's RDD from the parents' on the driver; the RDDs are in the order of the parents.
using BatchFunction = std::function<absl::StatusOr<Rdd>(std::span<const Rdd>, const Batch&)>;
Stream Transform(const std::shared_ptr<StreamGraph>& graph, std::span<const Stream> parents, const char* name,
                 BatchFunction f, const Where& where);
void Persist(const Stream& stream, StorageLevel level, const Where& where);
void Name(const Stream& stream, std::string_view name);
using OutputFunction = std::function<absl::Status(const Rdd&, const Batch&)>;
void Output(const Stream& stream, const char* name, OutputFunction f, const Where& where);
// The output that prints up to `n` of each batch's texts to stdout in Spark's frame, whole: "..." if there
// are more.
void Print(const Stream& texts, int n, const Where& where);
// Takes the batch's collection from a queue; nullopt: no RDD in this batch.
using SourceFunction = std::function<absl::StatusOr<std::optional<Rdd>>(const Batch&)>;
Stream QueueSource(const std::shared_ptr<StreamGraph>& graph, SourceFunction f, const Where& where);
// How a receiver's blocks become rows.
struct ReceivedRows {
  const exec::KernelDescriptor* read = nullptr;  // blocks -> rows
  RowKernels kernels = {};
  StorageLevel level = StorageLevel::kNone;  // of the blocks
};
// What a program's own receiver stores; `name` is its type's.
Stream ReceiverSource(const std::shared_ptr<StreamGraph>& graph, std::string_view name, Closure receiver,
                      std::string preferred_host, const ReceivedRows& rows, const Where& where);
Stream RawSocketSource(const std::shared_ptr<StreamGraph>& graph, const std::string& host, int port,
                       const ReceivedRows& rows, const Where& where);

std::string WhereText(const Where& where);  // "word_count.cc:12"

// Runs a user's driver-side function: an exception becomes a status with its type and text.
absl::Status CallUser(const char* name, const std::function<absl::Status()>& f);

}  // namespace millstream::graph

#endif  // MILLSTREAM_GRAPH_H_
