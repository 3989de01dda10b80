#ifndef MILLSTREAM_EXECUTOR_TASKS_CACHED_ROWS_H_
#define MILLSTREAM_EXECUTOR_TASKS_CACHED_ROWS_H_

#include <millstream/exec/kernel.h>

#include <memory>
#include <optional>

#include "executor/tasks/task_streams.h"

namespace millstream::executor {

// The rows of a partition whose RDD is kept: read from here, else from a peer that is said to keep it, else
// computed, kept, and copied to a peer if there are some for that. Decides when it is first asked for a
// chunk.
class CachedRows : public exec::ChunkStream {
 public:
  // `streams` outlives it. As views: of what is kept.
  CachedRows(TaskStreams& streams, int node, int partition, bool as_views)
      : streams_(streams), node_(node), partition_(partition), as_views_(as_views) {}

  bool Next(exec::Chunk& chunk) override;

 private:
  std::unique_ptr<exec::SliceStream> Find();
  std::unique_ptr<exec::SliceStream> FromPeer(const CachedRdd& cache, const plan::BlockId& id);
  std::unique_ptr<exec::SliceStream> Compute(const CachedRdd& cache, const plan::BlockId& id);
  // Who took a copy; nobody if no peer has room or can be reached.
  std::optional<ExecutorId> Copy(const CachedRdd& cache, const plan::BlockId& id);

  TaskStreams& streams_;
  const int node_;
  const int partition_;
  const bool as_views_;
  std::unique_ptr<exec::ChunkStream> rows_;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_TASKS_CACHED_ROWS_H_
