#ifndef MILLSTREAM_TESTS_SUPPORT_MINI_CLUSTER_H_
#define MILLSTREAM_TESTS_SUPPORT_MINI_CLUSTER_H_

#include <millstream/config.h>
#include <millstream/context.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/rpc/in_memory_blocks.h"
#include "common/rpc/in_memory_link.h"
#include "driver/driver.h"
#include "executor/executor.h"
#include "proto/control.pb.h"

namespace millstream::test {

struct MiniClusterOptions {
  int executors = 2;
  int cores_per_executor = 2;
  int max_task_failures = 4;
  size_t executor_memory_bytes = size_t{64} << 20;
  std::chrono::milliseconds network_timeout{60'000};
  bool test_chunks = false;
  std::string executor_build_id = {};  // that executors claim; empty: the true one
};

// A real driver and real executors in this process. Every control message is encoded, counted, and can be
// changed, held back, dropped and duplicated; executors can be killed, and be made to hang and return. Lost
// ones are replaced, as by a launcher of processes. Public calls are thread-safe unless they say otherwise.
class MiniCluster {
 public:
  explicit MiniCluster(const MiniClusterOptions& options = {});
  ~MiniCluster();
  MiniCluster(const MiniCluster&) = delete;
  MiniCluster& operator=(const MiniCluster&) = delete;

  // What is delivered in the place of a message: called on the thread that sends it, possibly several at
  // once. It must not call the cluster, but for blocks_of() and Inject*(). Set before Start().
  using OnToExecutor = std::function<std::vector<proto::ToExecutor>(ExecutorId, proto::ToExecutor)>;
  using OnToDriver = std::function<std::vector<proto::FromExecutor>(ExecutorId, proto::FromExecutor)>;
  void OnMessageTo(OnToExecutor hook) { on_to_executor_ = std::move(hook); }
  void OnMessageFrom(OnToDriver hook) { on_to_driver_ = std::move(hook); }
  // Asked before a block is fetched from a peer; an error takes its place. Set before Start().
  using OnFetch = std::function<absl::Status(ExecutorId peer, const plan::BlockId& id)>;
  void OnBlockFetch(OnFetch hook) { on_fetch_ = std::move(hook); }

  // Starts driver and executors.
  absl::Status Start();
  // Ends them; they cannot be started again.
  void Stop();

  // A context on the cluster, which outlives it; its end stops the cluster. Once, after Start().
  std::unique_ptr<Context> MakeContext(const Config& config = {});

  driver::Driver& driver() { return *driver_; }
  rpc::InMemoryBlockTransport& blocks() { return blocks_; }

  // As by kill -9: its messages and blocks are gone at once, its threads run on in secret until they end.
  void Kill(ExecutorId executor);
  // As by SIGSTOP: its messages stay where they are, those to it too, and whoever reads its blocks waits.
  void Hang(ExecutorId executor);
  // As by SIGCONT: everything held back moves on, in order; what the driver makes of it is its own affair.
  void Resume(ExecutorId executor);

  void InjectToDriver(ExecutorId executor, const proto::FromExecutor& message);

  // Executors that were launched and not killed.
  std::vector<ExecutorId> live() const;
  // Waits until `count` executors were launched since the start. False after a minute.
  bool AwaitLaunches(int count) const;
  // Waits until the driver has given up the executor. False after a minute.
  bool AwaitGivenUp(ExecutorId executor) const;

  // Encoded bytes sent to an executor so far.
  uint64_t bytes_to(ExecutorId executor) const;
  // What a live executor keeps; valid until it is killed.
  rpc::BlockSource& blocks_of(ExecutorId executor);

 private:
  struct Machine;
  class Engine;
  class Launcher;

  // For the driver's loop.
  void Launch(ExecutorId executor);
  void GiveUp(ExecutorId executor);

  std::vector<std::string> ToExecutor(ExecutorId executor, std::string encoded);
  std::vector<std::string> ToDriver(ExecutorId executor, std::string encoded);
  absl::Status Fetch(ExecutorId peer, const plan::BlockId& id);
  std::shared_ptr<Machine> Find(ExecutorId executor) const;

  // Its streams and blocks are gone when it returns; its threads have joined when the cluster stops.
  void Bury(const std::shared_ptr<Machine>& machine);
  void InjectHeld(Machine& machine);

  const MiniClusterOptions options_;
  OnToExecutor on_to_executor_;
  OnToDriver on_to_driver_;
  OnFetch on_fetch_;
  rpc::InMemoryEndpoint endpoint_;
  rpc::InMemoryBlockTransport blocks_;

  mutable std::mutex mutex_;  // protects everything below
  mutable std::condition_variable changed_;
  std::map<ExecutorId, std::shared_ptr<Machine>> machines_;
  std::set<ExecutorId> given_up_;
  int launches_ = 0;
  bool stopped_ = false;
  std::map<ExecutorId, uint64_t> bytes_to_;
  std::vector<std::thread> funerals_;

  std::unique_ptr<Launcher> launcher_;
  std::unique_ptr<driver::Driver> driver_;
};

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_MINI_CLUSTER_H_
