#ifndef MILLSTREAM_TESTS_SIMULATION_VIRTUAL_DRIVER_H_
#define MILLSTREAM_TESTS_SIMULATION_VIRTUAL_DRIVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "driver/batches/batch_scheduler.h"
#include "driver/jobs/job_scheduler.h"
#include "tests/simulation/cluster.h"

namespace millstream::simulation {

// The driver: production's two state machines, in the place that Driver::Core has. Core itself has threads
// and the machine's clock; what it does besides (who has joined, who is silent, one message per executor and
// turn, results that are read from executors and computed again if that fails) is played here by its rules.
// Core drops what lost executors still say; here even that reaches the machines, which have to refuse it.
class VirtualDriver {
 public:
  // Runs the outputs of a batch; `done` is called once, later.
  using RunBatch = std::function<void(const plan::BatchRecord&, std::function<void(absl::Status)> done)>;

  VirtualDriver(World& world, Cluster& cluster, int executors, const plan::StreamingRequest& request,
                RunBatch run_batch);

  void Start();
  void StartStreaming();
  void StopStreaming();

  // Computes all partitions of `root`; `done` gets their sum.
  void RunJob(const driver::NodePtr& root, const std::string& operation, const plan::BatchRecord& batch,
              std::function<void(absl::StatusOr<Value>)> done);

  bool Knows(ExecutorId executor) const { return executors_.contains(executor); }
  size_t joined() const { return joined_; }
  size_t queued_batches() const { return batches_.queued_batches(); }
  size_t kept_blocks() const { return batches_.kept_blocks(); }
  size_t jobs() const { return jobs_.jobs(); }
  const std::optional<absl::Status>& ended() const { return ended_; }
  uint64_t launched_tasks() const { return launched_tasks_; }
  // CPU time in the machines, and in making bytes of messages and messages of bytes.
  int64_t cpu_ns() const { return cpu_ns_; }

 private:
  struct Executor {
    bool joined = false;
    int64_t heard_us = 0;
  };
  struct Job {
    driver::NodePtr root;
    std::string operation;
    plan::BatchRecord batch;
    std::function<void(absl::StatusOr<Value>)> done;
    std::map<int, Value> rows;  // by partition
  };
  struct Receiver {
    ExecutorId executor{};
    uint32_t epoch = 0;
  };
  class NodeToken;
  using Attempt = std::pair<ExecutorId, uint64_t>;

  // What crosses the wire, in functions of their own so that profilers can tell them from the executors'.
  static std::string ToBytes(const proto::ToExecutor& message);
  static std::shared_ptr<const proto::FromExecutor> FromBytes(const std::string& bytes);

  // Everything happens in turns: what is asked of the machines, then what they want.
  void Turn(const std::function<void()>& work);
  void Flush();
  void HandleJobs(const driver::JobEvent& event);
  void HandleBatches(const driver::BatchEvent& event);
  void Obey(driver::SendCommand& command);
  void Obey(driver::TieResources& command);
  void Obey(driver::JobFinished& command);
  void Obey(driver::CoresReserved& command) { HandleJobs(command); }
  void Obey(driver::BlockMoved& command) { HandleJobs(command); }
  void Obey(driver::RunBatch& command);
  void Obey(driver::CancelBatches&) {}
  void Obey(driver::LogLine&) {}
  void Obey(driver::StreamingEnded& command);

  void LaunchExecutor();
  void OnMessage(ExecutorId executor, const std::string& message);
  void OnHello(ExecutorId executor, const proto::Hello& hello);
  void OnBlock(ExecutorId executor, const proto::ReceivedBlock& block);
  void OnReceiver(ExecutorId executor, const proto::ReceiverEvent& event);
  void CheckSilenceForEver();
  void Lose(ExecutorId executor, const std::string& reason);
  void TickWhenDue();

  void Submit(std::shared_ptr<Job> job, std::vector<int> partitions);
  void TakeResults(const std::shared_ptr<Job>& job, const std::vector<driver::TaskResult>& results);

  World& world_;
  Cluster& cluster_;
  const int wanted_executors_;
  const RunBatch run_batch_;
  driver::JobScheduler jobs_;
  driver::BatchScheduler batches_;
  std::map<ExecutorId, Executor> executors_;
  std::map<ExecutorId, proto::ToExecutor> outbox_;
  std::map<driver::JobId, std::shared_ptr<Job>> running_;
  std::map<StreamId, Receiver> receivers_;  // the current one of each stream
  std::shared_ptr<std::vector<uint64_t>> unused_nodes_ = std::make_shared<std::vector<uint64_t>>();
  uint32_t next_executor_ = 0;
  uint64_t next_job_ = 1;
  size_t joined_ = 0;
  uint64_t launched_tasks_ = 0;
  // By stage run and task: one attempt at a time.
  std::map<std::pair<uint64_t, uint64_t>, Attempt> under_way_;
  int64_t cpu_ns_ = 0;
  std::optional<absl::Status> ended_;
};

}  // namespace millstream::simulation

#endif  // MILLSTREAM_TESTS_SIMULATION_VIRTUAL_DRIVER_H_
