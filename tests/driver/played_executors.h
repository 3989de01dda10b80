#ifndef MILLSTREAM_TESTS_DRIVER_PLAYED_EXECUTORS_H_
#define MILLSTREAM_TESTS_DRIVER_PLAYED_EXECUTORS_H_

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/rpc/in_memory_blocks.h"
#include "common/rpc/in_memory_link.h"
#include "driver/driver.h"
#include "proto/control.pb.h"

namespace millstream::driver {

// Executors that run nothing: every task succeeds at once with the row "<executor>:<partition>", unless the
// test says otherwise.
class PlayedExecutors : public ExecutorLauncher {
 public:
  // Changes a status before it is sent; false: it is not sent.
  using Play = std::function<bool(ExecutorId, const proto::Launch&, proto::TaskStatus&)>;

  void Launch(ExecutorId executor) override {
    auto link = endpoint.Attach(executor, [this, executor](std::shared_ptr<const proto::ToExecutor> message) {
      Deliver(executor, *message);
    });
    proto::FromExecutor hello;
    hello.mutable_hello()->set_executor(Number(executor));
    hello.mutable_hello()->set_cores(static_cast<uint32_t>(cores));
    hello.mutable_hello()->set_build_id(build_id);
    hello.mutable_hello()->set_data_address(HostOf(executor) + ":7000");
    {
      std::lock_guard lock(mutex_);
      links_[executor] = link;
      launched_.insert(executor);
      changed_.notify_all();
      if (silent) return;
    }
    Send(executor, hello);
  }

  static std::string HostOf(ExecutorId executor) { return "host-" + std::to_string(Number(executor)); }

  void Kill(ExecutorId executor) override {
    std::lock_guard lock(mutex_);
    links_.erase(executor);
    killed_.insert(executor);
    changed_.notify_all();
  }

  void Send(ExecutorId executor, const proto::FromExecutor& message) {
    std::shared_ptr<rpc::ExecutorLink> link;
    {
      std::lock_guard lock(mutex_);
      const auto found = links_.find(executor);
      if (found == links_.end()) return;
      link = found->second;
    }
    link->Send(std::make_shared<proto::FromExecutor>(message));
  }

  // Waits until a command was sent that `matches`; returns to whom.
  std::optional<ExecutorId> AwaitCommand(
      const std::function<bool(const proto::ToExecutor::Command&)>& matches) {
    std::unique_lock lock(mutex_);
    std::optional<ExecutorId> executor;
    changed_.wait_for(lock, std::chrono::seconds(20), [&] {
      for (const auto& [to, command] : received_) {
        if (matches(command)) executor = to;
      }
      return executor.has_value();
    });
    return executor;
  }
  bool AwaitLaunch(ExecutorId executor) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return launched_.contains(executor); });
  }
  bool AwaitKill(ExecutorId executor) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return killed_.contains(executor); });
  }

  rpc::InMemoryEndpoint endpoint;
  rpc::InMemoryBlockTransport blocks;
  Play play;  // set before the driver starts; called on its loop's thread
  int cores = 1;
  std::string build_id = "build";
  bool silent = false;

 private:
  void Deliver(ExecutorId executor, const proto::ToExecutor& message) {
    proto::FromExecutor answer;
    for (const auto& command : message.commands()) {
      {
        std::lock_guard lock(mutex_);
        received_.emplace_back(executor, command);
      }
      if (command.has_launch()) RunTasks(executor, command.launch(), answer);
      if (command.has_stop_receiver()) {
        proto::ReceiverEvent& stopped = *answer.add_receivers();
        stopped.set_stream(command.stop_receiver().stream());
        stopped.set_epoch(command.stop_receiver().epoch());
        stopped.set_kind(proto::ReceiverEvent::STOPPED);
      }
    }
    changed_.notify_all();
    if (answer.statuses_size() + answer.receivers_size() > 0) Send(executor, answer);
  }

  void RunTasks(ExecutorId executor, const proto::Launch& launch, proto::FromExecutor& answer) {
    for (const proto::TaskRange& range : launch.tasks()) {
      for (uint32_t p = range.first(); p < range.first() + range.count(); ++p) {
        proto::TaskStatus status;
        status.set_stage_run(launch.stage_run());
        status.set_partition(p);
        status.set_attempt(range.attempt());
        if (launch.shuffle() == 0)
          status.set_result(std::to_string(Number(executor)) + ":" + std::to_string(p));
        if (!play || play(executor, launch, status)) *answer.add_statuses() = status;
      }
    }
  }

  std::mutex mutex_;  // protects what follows
  std::condition_variable changed_;
  std::map<ExecutorId, std::shared_ptr<rpc::ExecutorLink>> links_;
  std::set<ExecutorId> launched_;
  std::set<ExecutorId> killed_;
  std::vector<std::pair<ExecutorId, proto::ToExecutor::Command>> received_;
};

}  // namespace millstream::driver

#endif  // MILLSTREAM_TESTS_DRIVER_PLAYED_EXECUTORS_H_
