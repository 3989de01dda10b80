#include "client/context/executor_log.h"

#include <cstdint>

#include "common/base/logging.h"
#include "common/cli/values.h"
#include "common/rpc/bootstrap.h"

namespace millstream::client {

ExecutorLog::ExecutorLog(const proto::Bootstrap& bootstrap, const std::string& address)
    : on_cluster_(!bootstrap.application_id().empty()), name_(rpc::ExecutorName(bootstrap)) {
  Log("starts at " + address + ", with " + cli::Counted(bootstrap.cores(), "core") + " and " +
      cli::FormatSize(static_cast<int64_t>(bootstrap.memory_bytes())) + ", for the driver at " +
      bootstrap.driver_address());
}

void ExecutorLog::OnMessage(const proto::ToExecutor& message) {
  for (const proto::ToExecutor::Command& command : message.commands()) driver_ends_ |= command.has_shutdown();
}

void ExecutorLog::OnClosed(const std::string& reason) const {
  if (driver_ends_) return Log("ends: its driver has ended");
  base::LogWarning(name_ + " ends: its driver is lost, or gave it up: " + reason);
}

void ExecutorLog::Log(const std::string& text) const {
  (on_cluster_ ? base::LogInfo : base::LogDebug)(name_ + " " + text);
}

}  // namespace millstream::client
