#ifndef MILLSTREAM_TESTS_DRIVER_JOBS_JOB_HARNESS_H_
#define MILLSTREAM_TESTS_DRIVER_JOBS_JOB_HARNESS_H_

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "driver/jobs/job_scheduler.h"
#include "tests/driver/jobs/lineage.h"

namespace millstream::driver {

// A job scheduler whose executors are played by the test: it sees what was launched and says how it ended.
class JobHarness {
 public:
  struct LaunchedTask {
    uint32_t executor = 0;
    proto::Launch launch;
    int partition = 0;
    int attempt = 0;

    bool IsMap() const { return launch.shuffle() != 0; }
  };

  explicit JobHarness(JobSchedulerOptions options = {}) : scheduler_(options) {}

  void Handle(const JobEvent& event) {
    std::vector<JobCommand> commands;
    scheduler_.Handle(event, commands);
    for (JobCommand& command : commands) Take(command);
  }

  void Join(uint32_t executor, int cores = 1) { Handle(ExecutorJoined{ExecutorId{executor}, cores}); }

  void Lose(uint32_t executor, const std::string& reason = "was killed by signal 11 (SIGSEGV)") {
    std::erase_if(tasks_, [&](const LaunchedTask& task) { return task.executor == executor; });
    Handle(ExecutorLost{ExecutorId{executor}, reason});
  }

  JobId Submit(const NodePtr& root, std::vector<int> partitions = {},
               const std::string& operation = "Collect") {
    const JobId job{next_job_++};
    if (partitions.empty()) {
      for (int p = 0; p < root->partitions; ++p) partitions.push_back(p);
    }
    Handle(JobSubmitted{job, root, std::move(partitions), operation, BatchId{7}, 7000});
    return job;
  }

  // Tasks the executors have, in the order they were launched.
  const std::deque<LaunchedTask>& tasks() const { return tasks_; }
  std::vector<int> PartitionsOn(uint32_t executor) const {
    std::vector<int> partitions;
    for (const LaunchedTask& task : tasks_) {
      if (task.executor == executor) partitions.push_back(task.partition);
    }
    return partitions;
  }

  LaunchedTask TakeTask(int partition) {
    const auto found =
        std::find_if(tasks_.begin(), tasks_.end(), [&](const auto& t) { return t.partition == partition; });
    LaunchedTask task = *found;
    tasks_.erase(found);
    return task;
  }

  proto::TaskStatus StatusOf(const LaunchedTask& task) const {
    proto::TaskStatus status;
    status.set_stage_run(task.launch.stage_run());
    status.set_partition(static_cast<uint32_t>(task.partition));
    status.set_attempt(static_cast<uint32_t>(task.attempt));
    if (!task.IsMap()) status.set_result("row" + std::to_string(task.partition));
    return status;
  }

  void Report(uint32_t executor, const proto::TaskStatus& status) {
    auto message = std::make_shared<proto::FromExecutor>();
    *message->add_statuses() = status;
    Handle(StatusesArrived{ExecutorId{executor}, message});
  }

  void Done(int partition) {
    const LaunchedTask task = TakeTask(partition);
    Report(task.executor, StatusOf(task));
  }

  void Throws(int partition, const std::string& text = "boom") {
    const LaunchedTask task = TakeTask(partition);
    proto::TaskStatus status = StatusOf(task);
    status.mutable_failure()->set_kind(proto::TaskFailure::USER);
    status.mutable_failure()->set_operation("FlatMap");
    status.mutable_failure()->set_type("std::runtime_error");
    status.mutable_failure()->set_message(text);
    Report(task.executor, status);
  }

  void CannotFetch(int partition, uint64_t shuffle, uint32_t from) {
    const LaunchedTask task = TakeTask(partition);
    proto::TaskStatus status = StatusOf(task);
    status.mutable_failure()->set_kind(proto::TaskFailure::FETCH);
    status.mutable_failure()->set_shuffle(shuffle);
    status.mutable_failure()->set_lost_executor(from);
    status.mutable_failure()->set_message("executor " + std::to_string(from) + " cannot be reached");
    Report(task.executor, status);
  }

  // Ends every task that is there now.
  void FinishRound() {
    for (std::deque<LaunchedTask> round = std::exchange(tasks_, {}); const LaunchedTask& task : round) {
      Report(task.executor, StatusOf(task));
    }
  }
  void FinishAll() {
    while (!tasks_.empty()) FinishRound();
  }

  // The job's rows joined by commas, or its error; nothing while it runs.
  std::optional<std::string> ResultOf(JobId job) const {
    const auto found = finished_.find(job);
    if (found == finished_.end()) return std::nullopt;
    if (!found->second.status.ok()) return std::string(found->second.status.message());
    std::string text;
    for (const TaskResult& result : found->second.results)
      text += (text.empty() ? "" : ",") + std::string(result.rows.view);
    return text;
  }

  const std::vector<SendCommand>& sent() const { return sent_; }
  void ClearSent() { sent_.clear(); }
  size_t SentBytes() const {
    size_t bytes = 0;
    for (const SendCommand& send : sent_) bytes += send.command.ByteSizeLong();
    return bytes;
  }
  int CountSent(proto::ToExecutor::Command::KindCase kind) const {
    return static_cast<int>(std::count_if(sent_.begin(), sent_.end(), [&](const SendCommand& send) {
      return send.command.kind_case() == kind;
    }));
  }
  const std::vector<NodePtr>& tied() const { return tied_; }
  const JobScheduler& scheduler() const { return scheduler_; }
  // Launches that named a plan their executor did not have.
  int unknown_plans() const { return unknown_plans_; }

 private:
  void Take(JobCommand& command) {
    if (auto* send = std::get_if<SendCommand>(&command)) {
      TakeSent(*send);
      sent_.push_back(std::move(*send));
    } else if (auto* finished = std::get_if<JobFinished>(&command)) {
      finished_.emplace(finished->job, std::move(*finished));
    } else {
      tied_.push_back(std::get<TieResources>(command).node);
    }
  }

  void TakeSent(const SendCommand& send) {
    const uint32_t executor = Number(send.executor);
    const auto& command = send.command;
    if (command.has_install()) plans_[executor].insert(command.install().id());
    if (command.has_drop()) {
      for (const std::string& plan : command.drop().plans()) plans_[executor].erase(plan);
    }
    if (command.has_cancel()) {
      std::erase_if(tasks_, [&](const LaunchedTask& task) {
        return task.executor == executor && task.launch.stage_run() == command.cancel().stage_run();
      });
    }
    if (!command.has_launch()) return;
    if (!plans_[executor].contains(command.launch().plan())) ++unknown_plans_;
    for (const proto::TaskRange& range : command.launch().tasks()) {
      for (uint32_t i = 0; i < range.count(); ++i) {
        tasks_.push_back({executor, command.launch(), static_cast<int>(range.first() + i),
                          static_cast<int>(range.attempt())});
      }
    }
  }

  JobScheduler scheduler_;
  uint64_t next_job_ = 1;
  std::deque<LaunchedTask> tasks_;
  std::map<JobId, JobFinished> finished_;
  std::vector<SendCommand> sent_;
  std::vector<NodePtr> tied_;
  std::map<uint32_t, std::set<std::string>> plans_;
  int unknown_plans_ = 0;
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_TESTS_DRIVER_JOBS_JOB_HARNESS_H_
