#ifndef MILLSTREAM_EXECUTOR_TASKS_TASK_STREAMS_H_
#define MILLSTREAM_EXECUTOR_TASKS_TASK_STREAMS_H_

#include <millstream/exec/kernel.h>

#include <memory>
#include <vector>

#include "executor/tasks/executor_parts.h"
#include "executor/tasks/launch_run.h"
#include "proto/control.pb.h"

namespace millstream::executor {

// Builds the streams of one task from its plan. Used by the task's thread alone; outlives the streams.
class TaskStreams {
 public:
  // All outlive it.
  TaskStreams(const ExecutorParts& parts, const LaunchRun& launch, exec::TaskEnv& env)
      : parts_(parts), launch_(launch), env_(env) {}

  // The rows of a node's partition; as views of what they are decoded from, if ReadsViews() says that it can
  // be.
  std::unique_ptr<exec::ChunkStream> Rows(int node, int partition, bool as_views = false);
  // The same, whether or not the node's rows are kept somewhere.
  std::unique_ptr<exec::ChunkStream> Computed(int node, int partition, bool as_views = false);

  // A kernel over rows that writes to `sink`.
  std::unique_ptr<exec::ChunkStream> Writer(const PreparedClosure& kernel, const char* operation,
                                            std::unique_ptr<exec::ChunkStream> rows, exec::SliceSink& sink);
  // A kernel over slices.
  std::unique_ptr<exec::ChunkStream> Reader(const PreparedClosure& kernel, const char* operation,
                                            std::unique_ptr<exec::SliceStream> slices, bool as_views = false);

  const ExecutorParts& parts() const { return parts_; }
  const LaunchRun& launch() const { return launch_; }

  // Partitions that are kept since this task ran.
  std::vector<proto::KeptPartition>& kept() { return kept_; }

 private:
  std::unique_ptr<exec::SliceStream> Slices(const PreparedNode& node, int partition);
  std::vector<std::unique_ptr<exec::ChunkStream>> Inputs(const PreparedNode& node, int partition,
                                                         bool as_views);
  // Whether the node has a kernel over views, and its only parent's rows are decoded from stored bytes.
  bool ReadsViews(const PreparedNode& node) const;

  const ExecutorParts& parts_;
  const LaunchRun& launch_;
  exec::TaskEnv& env_;
  std::vector<proto::KeptPartition> kept_;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_TASKS_TASK_STREAMS_H_
