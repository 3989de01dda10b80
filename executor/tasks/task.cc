#include "executor/tasks/task.h"

#include <millstream/exec/task_error.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "common/exec/current_task.h"
#include "executor/tasks/task_failure.h"
#include "executor/tasks/task_output.h"
#include "executor/tasks/task_streams.h"

namespace millstream::executor {
namespace {

exec::TaskEnv MakeEnv(const ExecutorParts& parts, const LaunchRun& launch, int partition, int attempt) {
  const PreparedPlan& plan = launch.plan();
  exec::TaskEnv env;
  env.partition = partition;
  env.partitions = plan.partitions();
  env.attempt = attempt;
  env.batch_id = launch.launch().batch();
  env.batch_time_ms = launch.launch().batch_time_ms();
  if (parts.test_chunks) env.chunk_rows = 1 + static_cast<size_t>(partition) % 3;
  env.poison = parts.test_chunks;
  env.table_bytes = plan.table_bytes();
  if (plan.output_partitions() > 0) env.output_partitions = plan.output_partitions();
  env.memory = &parts.blocks->memory();
  env.spill = parts.spill;
  env.cancelled = &launch.cancelled();
  env.operation = plan.output_operation().c_str();
  return env;
}

std::unique_ptr<TaskOutput> MakeOutput(const ExecutorParts& parts, const LaunchRun& launch, int partition,
                                       int attempt) {
  if (launch.plan().output_partitions() > 0) {
    return std::make_unique<ShuffleOutput>(
        *parts.blocks, launch.launch().shuffle(), static_cast<uint64_t>(partition),
        launch.plan().output_partitions(), launch.launch().small_output_bytes());
  }
  const plan::BlockId id{plan::BlockId::Kind::kResult, launch.launch().stage_run(),
                         static_cast<uint64_t>(partition), static_cast<uint64_t>(attempt)};
  return std::make_unique<ResultOutput>(*parts.blocks, id);
}

void Compute(const ExecutorParts& parts, const LaunchRun& launch, exec::TaskEnv& env,
             proto::TaskStatus& status) {
  const PreparedPlan& plan = launch.plan();
  TaskStreams streams(parts, launch, env);
  const std::unique_ptr<TaskOutput> output = MakeOutput(parts, launch, env.partition, env.attempt);
  std::unique_ptr<exec::ChunkStream> rows = streams.Rows(plan.last(), env.partition);
  if (plan.output().kernel != nullptr) {
    rows = streams.Writer(plan.output(), plan.output_operation().c_str(), std::move(rows), *output);
  }
  exec::Chunk chunk;
  while (rows->Next(chunk)) {
  }
  // What a cancelled task leaves behind would be dropped by nobody.
  if (launch.cancelled().load()) throw exec::TaskError(absl::CancelledError("the stage was cancelled"));
  exec::ThrowIfError(output->Commit(status));
  for (proto::KeptPartition& kept : streams.kept()) *status.add_kept() = std::move(kept);
}

void Fail(proto::TaskStatus& status, proto::TaskFailure::Kind kind, const absl::Status& cause) {
  proto::TaskFailure& failure = *status.mutable_failure();
  failure.set_kind(kind);
  failure.set_code(static_cast<uint32_t>(cause.code()));
  failure.set_message(std::string(cause.message()));
}

}  // namespace

void RunTask(const ExecutorParts& parts, const LaunchRun& launch, int partition, int attempt,
             proto::TaskStatus& status) {
  const auto begin = std::chrono::steady_clock::now();
  status.set_stage_run(launch.launch().stage_run());
  status.set_partition(static_cast<uint32_t>(partition));
  status.set_attempt(static_cast<uint32_t>(attempt));
  if (launch.cancelled().load()) {
    Fail(status, proto::TaskFailure::CANCELLED, absl::CancelledError("the stage was cancelled"));
  } else if (!launch.status().ok()) {
    Fail(status, proto::TaskFailure::ENGINE, launch.status());
  } else {
    exec::TaskEnv env = MakeEnv(parts, launch, partition, attempt);
    const exec::TaskScope scope(&env);
    // The one place where exceptions of user code end.
    try {
      Compute(parts, launch, env, status);
    } catch (...) {
      *status.mutable_failure() = DescribeCurrentException(env);
    }
  }
  status.set_run_ns(static_cast<uint64_t>((std::chrono::steady_clock::now() - begin).count()));
}

}  // namespace millstream::executor
