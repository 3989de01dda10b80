#ifndef MILLSTREAM_EXECUTOR_EXECUTOR_CORE_H_
#define MILLSTREAM_EXECUTOR_EXECUTOR_CORE_H_

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "absl/status/statusor.h"
#include "common/exec/spill_storage.h"
#include "executor/blocks/block_store.h"
#include "executor/blocks/spill_directory.h"
#include "executor/executor.h"
#include "executor/receivers/receivers.h"
#include "executor/shuffle/fetch_threads.h"
#include "executor/tasks/executor_parts.h"
#include "executor/tasks/outbox.h"
#include "executor/tasks/prepared_plan.h"
#include "executor/tasks/task_slots.h"
#include "proto/control.pb.h"

namespace millstream::executor {

// The executor's parts, and the driver's commands to them.
class Executor::Core {
 public:
  Core(ExecutorOptions options, rpc::BlockTransport& transport, Send send,
       std::unique_ptr<SpillDirectory> directory);
  ~Core() { Stop(); }

  void Start();
  void Handle(const std::shared_ptr<const proto::ToExecutor>& message);
  BlockStore& blocks() { return *blocks_; }
  void Stop();

 private:
  void Install(const proto::InstallPlan& install);
  void Launch(const std::shared_ptr<const proto::ToExecutor>& message, const proto::Launch& launch);
  void Drop(const proto::Drop& drop);
  void Replicate(const proto::Replicate& replicate);
  void Run(const LaunchRun& launch, int partition, int attempt, const std::function<bool()>& more);

  const ExecutorOptions options_;
  rpc::BlockTransport& transport_;
  std::unique_ptr<SpillDirectory> directory_;
  exec::FileSpillStorage spill_;
  std::unique_ptr<BlockStore> blocks_;
  Outbox outbox_;
  FetchThreads fetchers_;
  ExecutorParts parts_;
  std::unordered_map<std::string, absl::StatusOr<std::shared_ptr<const PreparedPlan>>>
      plans_;  // by content hash
  TaskSlots slots_;
  Receivers receivers_;
  std::mutex stop_mutex_;
  bool stopped_ = false;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_EXECUTOR_CORE_H_
