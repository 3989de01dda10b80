#ifndef MILLSTREAM_TESTS_EXECUTOR_SUPPORT_TEST_CLUSTER_H_
#define MILLSTREAM_TESTS_EXECUTOR_SUPPORT_TEST_CLUSTER_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/plan/node.h"
#include "common/rpc/in_memory_blocks.h"
#include "executor/executor.h"
#include "proto/control.pb.h"

namespace millstream::executor {

// A directory of its own below the test's temporary one, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Executors 0 .. n-1 over in-memory blocks, and what they say to their driver. Collections of the driver can
// be added.
class TestCluster {
 public:
  struct Options {
    int executors = 1;
    int cores = 2;
    size_t memory_bytes = size_t{64} << 20;
    std::string data_address = {};  // not empty: blocks are fetched ahead
  };
  TestCluster() : TestCluster(Options()) {}
  explicit TestCluster(const Options& options);
  ~TestCluster();

  void Send(int executor, const proto::ToExecutor& message);
  void Install(int executor, const std::string& id, const proto::StagePlan& plan);
  // Sends the launch and waits for one status per task, in the order of the partitions.
  std::vector<proto::TaskStatus> Run(int executor, const proto::Launch& launch);

  // Waits until `done` is true of everything that was said so far; false after four minutes.
  using Messages = std::vector<std::shared_ptr<const proto::FromExecutor>>;
  bool WaitFor(const std::function<bool(const Messages&)>& done);
  Messages messages();
  std::vector<proto::TaskStatus> statuses(uint64_t stage_run);

  void AddCollection(uint64_t node, uint64_t partition, exec::Slices slices);
  Executor& executor(int index) { return *executors_[static_cast<size_t>(index)]; }
  rpc::InMemoryBlockTransport& transport() { return transport_; }
  const std::string& local_dir() const { return directory_.path(); }
  void StopExecutor(int index);

 private:
  class Collections;

  TemporaryDirectory directory_;
  rpc::InMemoryBlockTransport transport_;
  std::unique_ptr<Collections> collections_;
  std::mutex mutex_;
  std::condition_variable said_;
  Messages messages_;
  std::vector<std::unique_ptr<Executor>> executors_;
};

// Builds stage plans of int kernels, node by node.
class PlanBuilder {
 public:
  // Nodes; they return the node's index.
  int Blocks(int partitions, int input = 0);
  int Shuffle(int partitions, int input = 0);
  int Narrow(const std::string& operation, const exec::KernelDescriptor& kernel, const std::string& state,
             std::vector<int> parents, int partitions);
  // The last node is kept, under Launch.caches[slot].
  PlanBuilder& Cached(StorageLevel level, int slot = 0);
  proto::StagePlan ToResult();
  proto::StagePlan ToShuffle(int reducers);

  proto::StagePlan& plan() { return plan_; }

 private:
  proto::StagePlan plan_;
};

proto::Launch MakeLaunch(const std::string& plan, uint64_t stage_run, uint32_t tasks);
// Partition p of a BLOCKS input reads collection (node, p), which the driver holds.
void AddCollectionInput(proto::Launch& launch, uint64_t node, uint32_t partitions);
// maps[m] holds map partition m.
void AddShuffleInput(proto::Launch& launch, uint64_t shuffle, const std::vector<uint32_t>& maps);

}  // namespace millstream::executor

#endif  // MILLSTREAM_TESTS_EXECUTOR_SUPPORT_TEST_CLUSTER_H_
