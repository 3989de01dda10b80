// RDDs as plan nodes: what each operation adds to the graph.
#include <millstream/exec/builtin_kernels.h>
#include <millstream/graph.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "client/context/context_core.h"
#include "common/plan/node.h"

namespace millstream::graph {
namespace {

plan::Closure Closed(const Closure& closure) { return {closure.kernel, closure.state}; }

std::shared_ptr<plan::Node> NewNode(const char* name, const RowKernels& rows, const Where& where) {
  auto node = std::make_shared<plan::Node>();
  node->operation = name;
  node->where = WhereText(where);
  node->encode.kernel = rows.encode;
  node->decode.kernel = rows.decode;
  return node;
}

void Fail(plan::Node& node, const std::string& message) {
  if (node.error.ok()) {
    node.error = absl::InvalidArgumentError(node.operation + " at " + node.where + ": " + message);
  }
}

void AddParent(plan::Node& node, const Rdd& parent, plan::Mapping mapping = plan::Mapping::kOneToOne,
               int first = 0) {
  if (node.error.ok()) node.error = parent.node->error;
  node.parents.push_back({parent.node, mapping, first});
}

int ShufflePartitions(const Rdd& parent, std::optional<int> asked) {
  if (asked) return std::max(0, *asked);
  const int configured = parent.context == nullptr ? 0 : parent.context->configured_parallelism();
  if (configured > 0) return configured;
  return std::max(1, parent.node->partitions);
}

Rdd Null(const Rdd& other) {
  auto node = NewNode("RDD", {}, {});
  node->error =
      absl::InvalidArgumentError("RDD: a handle that was never set was used. Assign it an RDD first");
  return {std::move(node), other.context};
}

}  // namespace

Rdd Apply(const Rdd& parent, const Operation& operation) {
  if (parent.node == nullptr) return Null(parent);
  auto node = NewNode(operation.name, operation.rows, operation.where);
  node->kernel = Closed(operation.kernel);
  AddParent(*node, parent);
  if (operation.shuffle_write.kernel == nullptr) {
    node->partitions = parent.node->partitions;
  } else {
    node->kind = plan::NodeKind::kShuffle;
    node->shuffle_write = Closed(operation.shuffle_write);
    node->partitions = ShufflePartitions(parent, operation.num_partitions);
    if (operation.num_partitions && *operation.num_partitions < 1)
      Fail(*node, "Number of partitions must be positive. Ask for at least 1");
    if (node->partitions > 65536) Fail(*node, "more than 65536 partitions. Ask for fewer");
  }
  return {std::move(node), parent.context};
}

Rdd ApplyToTwo(const Rdd& left, const Rdd& right, const Operation& operation) {
  if (left.node == nullptr || right.node == nullptr) return Null(left);
  auto node = NewNode(operation.name, operation.rows, operation.where);
  node->kernel = Closed(operation.kernel);
  node->partitions = left.node->partitions;
  AddParent(*node, left);
  AddParent(*node, right);
  if (left.node->partitions != right.node->partitions) {
    Fail(*node,
         "Can't zip RDDs with unequal numbers of partitions: " + std::to_string(left.node->partitions) +
             " and " + std::to_string(right.node->partitions) + ". Repartition one of them");
  }
  return {std::move(node), left.context};
}

Rdd Union(std::span<const Rdd> parents, const RowKernels& rows, const Where& where) {
  auto node = NewNode("Union", rows, where);
  node->kernel.kernel = &exec::kConcatKernel;
  for (const Rdd& parent : parents) {
    if (parent.node == nullptr) return Null(parents[0]);
    if (parent.context != parents[0].context) Fail(*node, "the RDDs belong to different contexts");
    AddParent(*node, parent, plan::Mapping::kUnion, node->partitions);
    node->partitions += parent.node->partitions;
  }
  return {std::move(node), parents[0].context};
}

Rdd Coalesce(const Rdd& parent, int num_partitions, const RowKernels& rows, const Where& where) {
  if (parent.node == nullptr) return Null(parent);
  auto node = NewNode("Coalesce", rows, where);
  node->kernel.kernel = &exec::kConcatKernel;
  AddParent(*node, parent, plan::Mapping::kCoalesce);
  if (num_partitions <= 0) {
    Fail(*node, "Number of partitions (" + std::to_string(num_partitions) +
                    ") must be positive. Ask for at least 1");
  }
  node->partitions = std::clamp(num_partitions, 0, parent.node->partitions);
  return {std::move(node), parent.context};
}

Rdd Source(const std::shared_ptr<ContextCore>& context, const Operation& operation, int partitions) {
  auto node = NewNode(operation.name, operation.rows, operation.where);
  node->kernel = Closed(operation.kernel);
  node->partitions = partitions;
  return {std::move(node), context};
}

Rdd Collection(const std::shared_ptr<ContextCore>& context, const char* name,
               std::vector<exec::Slices> partitions, const RowKernels& rows, const Where& where) {
  auto node = NewNode(name, rows, where);
  node->kind = plan::NodeKind::kBlocks;
  node->kernel.kernel = rows.decode;
  node->partitions = static_cast<int>(partitions.size());
  node->collection = std::move(partitions);
  return {std::move(node), context};
}

Rdd Mistake(const Rdd& like, const absl::Status& mistake, const Where& where) {
  auto node = NewNode("RDD", {}, where);
  node->error = absl::Status(mistake.code(), std::string(mistake.message()) + " (at " + node->where + ")");
  return {std::move(node), like.context};
}

void Persist(const Rdd& rdd, StorageLevel level) {
  if (rdd.node != nullptr && rdd.node->encode.kernel != nullptr) rdd.node->storage = level;
}

void Unpersist(const Rdd& rdd) {
  if (rdd.node == nullptr || rdd.context == nullptr) return;
  rdd.node->storage = StorageLevel::kNone;
  rdd.context->Unpersist(*rdd.node);
}

void Name(const Rdd& rdd, std::string_view name) {
  if (rdd.node != nullptr) rdd.node->name = name;
}

int NumPartitions(const Rdd& rdd) { return rdd.node == nullptr ? 0 : rdd.node->partitions; }
uint64_t Id(const Rdd& rdd) { return rdd.node == nullptr ? 0 : rdd.node->id; }

std::string WhereText(const Where& where) {
  const char* file = where.file_name();
  if (const char* slash = std::strrchr(file, '/')) file = slash + 1;
  return std::string(file) + ":" + std::to_string(where.line());
}

}  // namespace millstream::graph
