#ifndef MILLSTREAM_TESTS_SUPPORT_LAUNCH_LOG_H_
#define MILLSTREAM_TESTS_SUPPORT_LAUNCH_LOG_H_

#include <cstdint>
#include <map>
#include <mutex>

#include "proto/control.pb.h"

namespace millstream::test {

// Remembers which shuffle the stage runs of the driver's launches write. Thread-safe.
class LaunchLog {
 public:
  void See(const proto::ToExecutor& message) {
    std::lock_guard lock(mutex_);
    for (const auto& command : message.commands()) {
      if (command.has_launch()) shuffles_[command.launch().stage_run()] = command.launch().shuffle();
    }
  }
  // The shuffle that a task's status tells of; 0 if it was a task with a result.
  uint64_t ShuffleOf(const proto::TaskStatus& status) const {
    std::lock_guard lock(mutex_);
    const auto found = shuffles_.find(status.stage_run());
    return found == shuffles_.end() ? 0 : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<uint64_t, uint64_t> shuffles_;
};

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_LAUNCH_LOG_H_
