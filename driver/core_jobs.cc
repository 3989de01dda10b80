// How a thread runs a job and gets its rows.
#include <algorithm>
#include <set>
#include <utility>

#include "driver/core.h"

namespace millstream::driver {
namespace {

// Times a job is run again because an executor was lost between keeping a result and handing it over.
constexpr int kResultTries = 4;

}  // namespace

absl::StatusOr<JobResult> Driver::Core::RunJob(JobRequest request) {
  const Collections::Lease lease(collections_, request.root);
  std::map<int, exec::Slices> rows;
  std::vector<int> missing = request.partitions;
  for (int i = 0; i < kResultTries; ++i) {
    absl::StatusOr<std::vector<TaskResult>> results = RunOnce(request, missing);
    if (!results.ok()) return results.status();
    if (absl::Status status = ReadStored(*results, request.operation, rows); !status.ok()) return status;
    std::erase_if(missing, [&](int partition) { return rows.contains(partition); });
    if (!missing.empty()) continue;
    JobResult result;
    for (const int partition : request.partitions) result.partitions.push_back(rows.at(partition));
    return result;
  }
  return absl::UnavailableError(request.operation + ": " + std::to_string(missing.size()) +
                                " results were lost with their executors, " + std::to_string(kResultTries) +
                                " times");
}

absl::StatusOr<std::vector<TaskResult>> Driver::Core::RunOnce(const JobRequest& request,
                                                              const std::vector<int>& partitions) {
  const auto waiter = std::make_shared<Waiter>();
  if (!Run([this, &request, &partitions, waiter] { Submit(request, partitions, waiter); })) {
    return absl::CancelledError("the driver was stopped");
  }
  std::unique_lock lock(waiter->mutex);
  waiter->ended.wait(lock, [&] { return waiter->finished.has_value(); });
  JobFinished finished = std::move(*waiter->finished);
  if (!finished.status.ok()) return std::move(finished.status);
  return std::move(finished.results);
}

void Driver::Core::Submit(const JobRequest& request, const std::vector<int>& partitions,
                          const std::shared_ptr<Waiter>& waiter) {
  const JobId job{next_job_++};
  const bool of_batch = request.batch_time_ms != 0;
  running_[job] = {waiter, of_batch};
  std::optional<absl::Status> failure;
  {
    std::lock_guard lock(mutex_);
    if (failure_) failure = OwnCopy(*failure_);
  }
  if (failure) {
    JobFinished finished{job, *std::move(failure), {}};
    return Obey(finished);
  }
  if (ending_ || (of_batch && batches_cancelled_)) {
    JobFinished finished{job, absl::CancelledError("the batch was stopped"), {}};
    return Obey(finished);
  }
  HandleJobs(
      JobSubmitted{job, request.root, partitions, request.operation, request.batch, request.batch_time_ms});
}

void Driver::Core::Obey(JobFinished& command) {
  const auto node = running_.extract(command.job);
  if (node.empty()) return;
  const std::shared_ptr<Waiter> waiter = node.mapped().waiter;
  {
    std::lock_guard lock(waiter->mutex);
    waiter->finished = std::move(command);
  }
  waiter->ended.notify_one();
}

void Driver::Core::CancelJobs(const absl::Status& cause, bool of_batches_only) {
  std::vector<JobId> jobs;
  for (const auto& [job, running] : running_) {
    if (running.of_batch || !of_batches_only) jobs.push_back(job);
  }
  for (const JobId job : jobs) HandleJobs(JobCancelled{job, OwnCopy(cause)});
}

absl::Status Driver::Core::ReadStored(const std::vector<TaskResult>& results, const std::string& operation,
                                      std::map<int, exec::Slices>& rows) {
  std::map<ExecutorId, std::vector<const TaskResult*>> stored;
  std::set<std::pair<ExecutorId, StageRunId>> runs;
  for (const TaskResult& result : results) {
    if (result.stored) {
      stored[result.executor].push_back(&result);
      runs.emplace(result.executor, result.run);
    } else if (exec::Slices& slices = rows[result.partition]; slices.empty() && !result.rows.view.empty()) {
      slices.push_back(result.rows);
    }
  }
  size_t bytes = 0;
  for (const auto& [partition, slices] : rows) bytes += exec::TotalBytes(slices);
  bool too_many = bytes > options_.max_result_bytes;
  for (const auto& [executor, kept] : stored) {
    std::vector<plan::BlockId> ids;
    for (const TaskResult* result : kept) {
      ids.push_back({plan::BlockId::Kind::kResult, Number(result->run),
                     static_cast<uint64_t>(result->partition), static_cast<uint64_t>(result->attempt)});
    }
    std::vector<exec::Slices> read(ids.size());
    // What cannot be read is computed again, so that the reason does not matter.
    (void)blocks_.Fetch(executor, ids, [&](size_t block, absl::StatusOr<exec::Bytes> slice, bool last) {
      if (!slice.ok()) return true;
      bytes += slice->view.size();
      too_many = too_many || bytes > options_.max_result_bytes;
      if (!slice->view.empty()) read[block].push_back(*std::move(slice));
      if (last) rows[kept[block]->partition] = std::move(read[block]);
      return !too_many;
    });
  }
  if (!runs.empty()) {
    mailbox_->Post([this, runs] {
      for (const auto& [executor, run] : runs) HandleJobs(ResultsTaken{executor, run});
    });
  }
  if (!too_many) return absl::OkStatus();
  return absl::ResourceExhaustedError(operation + ": its results are larger than " +
                                      std::to_string(options_.max_result_bytes) +
                                      " bytes; raise millstream.driver.maxResultSize or return less");
}

}  // namespace millstream::driver
