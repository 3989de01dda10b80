#ifndef MILLSTREAM_EXECUTOR_EXECUTOR_H_
#define MILLSTREAM_EXECUTOR_EXECUTOR_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "common/rpc/block_transport.h"
#include "common/rpc/control_link.h"

namespace millstream::proto {
class FromExecutor;
class ToExecutor;
}  // namespace millstream::proto

namespace millstream::executor {

struct ExecutorOptions {
  ExecutorId id{};
  int cores = 1;
  size_t memory_bytes = size_t{1} << 30;  // one budget for blocks, tables, buffers
  std::string local_dir = "/tmp";         // spill goes to a directory of its own below it
  std::string data_address;               // where its blocks are served; empty in process
  std::string build_id;
  bool test_chunks = false;  // chunks of 1-3 rows, poisoned after use
};

// Runs tasks and receivers on `cores` slots and keeps blocks. Handle() is called in the order of the driver's
// messages, from one thread at a time, which may be one that is within `send` as a free sender; `send` from
// any of its threads.
class Executor {
 public:
  using Send = std::function<void(std::shared_ptr<const proto::FromExecutor>, rpc::Sender)>;

  // `transport` outlives the executor.
  static absl::StatusOr<std::unique_ptr<Executor>> Create(ExecutorOptions options,
                                                          rpc::BlockTransport& transport, Send send);
  ~Executor();

  // Says Hello to the driver.
  void Start();

  // Carries out the driver's commands; never blocks on a task.
  void Handle(std::shared_ptr<const proto::ToExecutor> message);

  // Its blocks, for peers.
  rpc::BlockSource& blocks();

  // Stops receivers, cancels tasks, joins threads, removes its spill directory. Returns when all is down.
  void Stop();

 private:
  class Core;
  explicit Executor(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_EXECUTOR_H_
