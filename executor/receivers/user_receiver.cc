#include "executor/receivers/user_receiver.h"

#include <memory>
#include <utility>

#include "common/exec/current_task.h"
#include "executor/tasks/task_failure.h"

namespace millstream::executor {
namespace {

using Steady = std::chrono::steady_clock;

constexpr const char* kOperation = "ReceiverStream";

}  // namespace

UserReceiver::UserReceiver(const exec::KernelDescriptor& kernel, const ReceiverParts& parts)
    : kernel_(kernel), parts_(parts), cutter_([this] { CutOnTime(); }) {
  if (const uint64_t rate = parts.settings.max_rate(); rate > 0) limit_.emplace(rate, Steady::now());
}

UserReceiver::~UserReceiver() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  cutter_.join();
}

std::string UserReceiver::Receive() {
  restarting_ = false;
  std::string ended = Call();
  std::lock_guard lock(mutex_);
  Cut();
  return ended;
}

std::string UserReceiver::Call() {
  exec::TaskEnv env;
  env.operation = kOperation;
  const exec::TaskScope scope(&env);
  try {
    exec::KernelArgs args;
    args.env = &env;
    args.operation = kOperation;
    args.state = parts_.settings.receiver().state();
    args.supervisor = this;
    exec::Chunk none;
    kernel_.make(std::move(args))->Next(none);
  } catch (...) {
    const proto::TaskFailure failure = DescribeCurrentException(env);
    return "the receiver threw " + (failure.type().empty() ? "" : failure.type() + ": ") + failure.message();
  }
  if (!restarting_) return "the receiver returned";
  std::lock_guard lock(restart_mutex_);
  return "the receiver asked to be restarted: " + restart_why_;
}

void UserReceiver::Store(std::string_view row) {
  if (limit_) AwaitRate();
  std::lock_guard lock(mutex_);
  Append(row);
  if (cut_at_) return;
  cut_at_ = Steady::now() + std::chrono::milliseconds(parts_.settings.block_interval_ms());
  changed_.notify_one();
}

void UserReceiver::AwaitRate() {
  const Time at = limit_->Take(Steady::now());
  for (Time now = Steady::now(); now < at && !parts_.stop.requested(); now = Steady::now()) {
    parts_.stop.WaitFor(std::chrono::ceil<std::chrono::milliseconds>(at - now));
  }
}

bool UserReceiver::StoreAll(const NextRow& next) {
  std::lock_guard lock(mutex_);
  AddBlocks(rows_.Take());
  exec::Encoder row;
  for (; next(row); row.Clear()) Append(row.view());
  Cut();
  parts_.blocks.Flush();
  return parts_.reports.AwaitStored();
}

void UserReceiver::Append(std::string_view row) {
  if (row.size() > parts_.settings.max_record_bytes()) {
    ++dropped_;
    return;
  }
  rows_.Append(row);
  if (rows_.has_finished()) AddBlocks(rows_.TakeFinished());
}

void UserReceiver::AddBlocks(exec::Slices blocks) {
  for (exec::Bytes& block : blocks) parts_.blocks.Add(std::move(block));
}

void UserReceiver::Cut() {
  cut_at_.reset();
  AddBlocks(rows_.Take());
  if (dropped_ > 0) parts_.reports.WarnOfDropped(std::exchange(dropped_, 0), "rows", parts_.settings);
  parts_.blocks.Report();
}

void UserReceiver::CutOnTime() {
  std::unique_lock lock(mutex_);
  while (!closing_) {
    if (!cut_at_) {
      changed_.wait(lock);
    } else if (const Time at = *cut_at_; Steady::now() < at) {
      changed_.wait_until(lock, at);
    } else {
      Cut();
    }
  }
}

void UserReceiver::Restart(const std::string& why) {
  std::lock_guard lock(restart_mutex_);
  if (!restarting_) restart_why_ = why;
  restarting_ = true;
}

void UserReceiver::ReportError(const std::string& why) { parts_.reports.Warn(why); }

}  // namespace millstream::executor
