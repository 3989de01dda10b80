#include "client/context/executor_request.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "common/cli/configuration_keys.h"

namespace millstream::client {

proto::ExecutorRequest ExecutorRequestOf(const cli::ResolvedConfig& config, size_t executor_memory_bytes) {
  proto::ExecutorRequest request;
  const auto number = [&](std::string_view key) {
    return static_cast<uint32_t>(config.GetInteger(key).value_or(0));
  };
  request.set_executors(number(cli::keys::kExecutorInstances));
  request.set_executor_cores(number(cli::keys::kExecutorCores));
  if (request.executors() > 0 && request.executor_cores() == 0) request.set_executor_cores(1);
  request.set_total_cores(number(cli::keys::kMaxCores));
  request.set_executor_memory_bytes(executor_memory_bytes);
  return request;
}

int MostCores(const proto::ExecutorRequest& request) {
  const int of_executors = static_cast<int>(request.executors() * request.executor_cores());
  const int total = static_cast<int>(request.total_cores());
  return of_executors == 0 || total == 0 ? std::max(of_executors, total) : std::min(of_executors, total);
}

}  // namespace millstream::client
