#ifndef MILLSTREAM_DRIVER_CORE_H_
#define MILLSTREAM_DRIVER_CORE_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "driver/collections.h"
#include "driver/driver.h"
#include "driver/jobs/job_scheduler.h"
#include "driver/mailbox.h"
#include "driver/streaming_run.h"

namespace millstream::driver {

// The event loop and what it owns. The loop is the thread that holds the turn. Its own thread sleeps in the
// endpoint; what it hears there, what is posted and what is due goes through the machines, and what they want
// goes out in one message per executor before it sleeps again. While it sleeps, a thread that brings work
// does that work itself, which saves two changes of threads.
class Driver::Core {
 public:
  Core(DriverOptions options, rpc::DriverEndpoint& endpoint, ExecutorLauncher& launcher,
       rpc::BlockTransport& blocks);
  ~Core();

  absl::Status Start(std::chrono::milliseconds timeout);
  void OnExecutorGranted(ExecutorId executor);
  void OnExecutorExited(ExecutorId executor, const std::string& how);
  absl::Status AwaitCores(int cores, std::chrono::milliseconds timeout);
  void FailFromOutside(absl::Status status);
  int total_cores() const;
  Collections& collections() { return collections_; }
  absl::StatusOr<JobResult> RunJob(JobRequest request);
  void Unpersist(const plan::Node& node);
  const DriverOptions& options() const { return options_; }
  absl::Status StartStreaming(StreamingRequest request);
  absl::Status StopStreaming(bool graceful);
  std::optional<absl::Status> AwaitStreaming(std::optional<std::chrono::milliseconds> timeout);
  void Stop();

 private:
  using Time = std::chrono::steady_clock::time_point;

  // A copy for another thread that shares nothing with `status`: race detectors cannot see into absl's
  // counts.
  static absl::Status OwnCopy(const absl::Status& status) {
    return absl::Status(status.code(), status.message());
  }

  // One RunJob() that waits. Shared by its thread and the loop.
  struct Waiter {
    std::mutex mutex;
    std::condition_variable ended;
    std::optional<JobFinished> finished;
  };
  struct RunningJob {
    std::shared_ptr<Waiter> waiter;
    bool of_batch = false;
  };
  // An executor that was asked for and is not lost.
  struct Executor {
    bool joined = false;
    int cores = 1;
    std::string address;
    std::string host;                  // of the address
    Time heard;                        // asked for, or heard of last
    std::optional<Time> closed_until;  // its stream ended; until then its exit may tell why
    std::string closed_reason;
  };
  // What a node holds on to once something is kept under its id.
  class NodeToken;

  // The loop. What is not said to be called by other threads runs with the turn.
  void Loop();
  void RunPosted();
  // Runs a task as the loop: on the calling thread if nobody else is the loop and nothing waits, else on the
  // loop's own. False if the loop has ended: the task is dropped. Called without the turn.
  bool Run(Mailbox::Task task);
  // Delivers what has arrived unless another thread is the loop, which will. Called without the turn.
  void TakeArrived();
  void EndBorrowedTurn();
  std::optional<Time> NextDeadline() const;
  void Flush();
  void Send(ExecutorId executor, proto::ToExecutor::Command command);
  void HandleJobs(const JobEvent& event);
  void Obey(SendCommand& command);
  void Obey(TieResources& command);
  void Obey(JobFinished& command);
  void EndLoop();

  // Executors; on the loop's thread.
  void LaunchExecutor();
  void LaunchExecutor(ExecutorId executor);
  void OnMessage(ExecutorId executor, const std::shared_ptr<const proto::FromExecutor>& message);
  void OnHello(ExecutorId executor, const proto::Hello& hello);
  void OnClosed(ExecutorId executor, const std::string& reason);
  void Introduce(ExecutorId executor, const proto::Hello& hello);
  void Lose(ExecutorId executor, const std::string& reason);
  void CheckSilence(Time now);
  // If this process slept past `woken_by`, what executors said meanwhile is still to be read.
  void ForgiveIfStalled(Time woken_by);
  // How long it may be silent.
  std::chrono::milliseconds PatienceWith(const Executor& executor) const;
  void Fail(absl::Status status);

  // Jobs.
  absl::StatusOr<std::vector<TaskResult>> RunOnce(const JobRequest& request,
                                                  const std::vector<int>& partitions);
  void Submit(const JobRequest& request, const std::vector<int>& partitions,
              const std::shared_ptr<Waiter>& waiter);
  void CancelJobs(const absl::Status& cause, bool of_batches_only);
  // Reads stored rows into `rows`, by partition; what could not be read stays out.
  absl::Status ReadStored(const std::vector<TaskResult>& results, const std::string& operation,
                          std::map<int, exec::Slices>& rows);

  // Streaming; on the loop's thread.
  void HandleStreaming(const BatchEvent& event);
  void Obey(CoresReserved& command);
  void Obey(BlockMoved& command);
  void Obey(RunBatch& command);
  void Obey(CancelBatches& command);
  void Obey(LogLine& command);
  void Obey(StreamingEnded& command);
  void EndStreaming(const absl::Status& status);

  const DriverOptions options_;
  rpc::DriverEndpoint& endpoint_;
  ExecutorLauncher& launcher_;
  rpc::BlockTransport& blocks_;
  Collections collections_;
  const std::shared_ptr<Mailbox> mailbox_;  // shared with the tokens of nodes, which may outlive the driver
  std::thread loop_;
  std::atomic<std::thread::id> user_thread_{};  // of the streaming

  std::mutex turn_;  // protects what follows, and the endpoint
  JobScheduler jobs_;
  std::map<ExecutorId, Executor> executors_;
  std::map<ExecutorId, std::shared_ptr<proto::ToExecutor>> outbox_;
  std::map<JobId, RunningJob> running_;
  std::unique_ptr<StreamingRun> streaming_;
  bool batches_cancelled_ = false;
  uint32_t next_executor_ = 0;
  uint64_t next_job_ = 1;
  int failed_starts_ = 0;             // executors in a row that were lost before they said Hello
  std::optional<Time> sleeps_until_;  // the loop's own thread
  bool ending_ = false;
  bool ended_ = false;

  // Shared between the loop and the threads that wait for it.
  mutable std::mutex mutex_;  // protects what follows
  std::condition_variable changed_;
  int joined_ = 0;
  int joined_cores_ = 0;
  int peak_cores_ = 0;
  std::optional<absl::Status> failure_;           // executors cannot be started
  std::optional<absl::Status> streaming_result_;  // once the streaming ended
  bool streaming_started_ = false;
  bool stopped_ = false;
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_DRIVER_CORE_H_
