// Actions: jobs over an RDD's partitions.
#include <millstream/exec/builtin_kernels.h>
#include <millstream/rdd.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "client/context/context_core.h"
#include "common/plan/node.h"

namespace millstream::graph {
namespace {

absl::StatusOr<std::vector<exec::Slices>> RunPartitions(const Rdd& rdd, const char* action, int first,
                                                        int count) {
  std::vector<int> partitions(static_cast<size_t>(count));
  std::iota(partitions.begin(), partitions.end(), first);
  return rdd.context->RunJob({.root = rdd.node, .partitions = std::move(partitions), .operation = action});
}

absl::Status Check(const Rdd& rdd, const char* action) {
  if (rdd.node == nullptr) {
    return absl::InvalidArgumentError(std::string(action) +
                                      ": the RDD handle was never set. Assign it an RDD first");
  }
  return rdd.node->error;
}

}  // namespace

absl::StatusOr<std::vector<exec::Slices>> Run(const Rdd& rdd, const char* action) {
  if (absl::Status status = Check(rdd, action); !status.ok()) return status;
  if (rdd.node->partitions == 0) return std::vector<exec::Slices>();
  return RunPartitions(rdd, action, 0, rdd.node->partitions);
}

absl::Status RunUntil(const Rdd& rdd, const char* action,
                      const std::function<bool(const exec::Slices&)>& done) {
  if (absl::Status status = Check(rdd, action); !status.ok()) return status;
  const int partitions = rdd.node->partitions;
  // As in Spark: one partition first, then four times as many as were scanned.
  for (int scanned = 0, next = 1; scanned < partitions; next = scanned * 4) {
    const int count = std::min(next, partitions - scanned);
    absl::StatusOr<std::vector<exec::Slices>> results = RunPartitions(rdd, action, scanned, count);
    if (!results.ok()) return results.status();
    for (const exec::Slices& slices : *results) {
      if (done(slices)) return absl::OkStatus();
    }
    scanned += count;
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Count(const Rdd& rdd) {
  const RDD<int64_t> counts(Apply(rdd, {.name = "Count",
                                        .where = Where::current(),
                                        .kernel = {&exec::kCountKernel, {}},
                                        .rows = ops::RowsOf<int64_t>()}));
  int64_t total = 0;
  absl::Status status = counts.Gather("Count", [&total](int64_t count) {
    total += count;
    return true;
  });
  if (!status.ok()) return status;
  return total;
}

}  // namespace millstream::graph
