#include "client/context/executor_request.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "client/context/process_state.h"
#include "common/base/user_name.h"
#include "common/cli/configuration_keys.h"
#include "common/cli/master_url.h"
#include "common/plan/kernel_refs.h"
#include "common/program/output_limits.h"

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

proto::ApplicationHello HelloOf(const cli::ResolvedConfig& config, const proto::ExecutorRequest& request) {
  proto::ApplicationHello hello;
  hello.set_name(config.Get(cli::keys::kAppName));
  hello.set_user(base::UserName());
  *hello.mutable_request() = request;
  hello.set_driver(Process().driver);
  hello.set_driver_epoch(Process().driver_epoch);
  return hello;
}

proto::Bootstrap BootstrapOf(const cli::ResolvedConfig& config, ExecutorId executor,
                             const security::Credentials& credentials, size_t memory_bytes) {
  proto::Bootstrap bootstrap;
  bootstrap.set_application(config.Get(cli::keys::kAppName));
  bootstrap.set_executor(Number(executor));
  security::ToProto(credentials, *bootstrap.mutable_credentials());
  bootstrap.set_memory_bytes(memory_bytes);
  bootstrap.set_build_id(plan::MainBuildId());
  for (const auto& [key, value] : config.values()) (*bootstrap.mutable_configuration())[key] = value;
  for (const std::string& argument : Process().flags.arguments) bootstrap.add_arguments(argument);
  return bootstrap;
}

proto::LaunchExecutor LaunchOf(const cli::ResolvedConfig& config, proto::Bootstrap bootstrap,
                               const proto::ProgramFiles& program) {
  proto::LaunchExecutor launch;
  std::string names;
  for (const proto::ProgramFile& file : program.files()) names += (names.empty() ? "" : ",") + file.name();
  if (!names.empty()) (*bootstrap.mutable_configuration())[std::string(cli::keys::kFiles)] = names;
  *launch.mutable_bootstrap() = std::move(bootstrap);
  *launch.mutable_program() = program;
  *launch.mutable_output() = program::OutputLimitsOf(config);
  for (const auto& [name, value] : ExecutorEnvironment(config)) (*launch.mutable_environment())[name] = value;
  for (const std::string& argument : Process().command_line) launch.add_command_line(argument);
  return launch;
}

std::map<std::string, std::string> ExecutorEnvironment(const cli::ResolvedConfig& config) {
  std::map<std::string, std::string> environment;
  for (const auto& [key, value] : config.values()) {
    if (key.starts_with(cli::keys::kExecutorEnvPrefix)) {
      environment[key.substr(cli::keys::kExecutorEnvPrefix.size())] = value;
    }
  }
  return environment;
}

std::string IgnoredText(const cli::ResolvedConfig& config) {
  struct ClusterFlag {
    std::string_view key;
    std::string_view flag;  // of millstream submit
  };
  static constexpr ClusterFlag kOfClusters[] = {
      {cli::keys::kExecutorInstances, "--num-executors"}, {cli::keys::kExecutorCores, "--executor-cores"},
      {cli::keys::kMaxCores, "--total-executor-cores"},   {cli::keys::kDriverCores, "--driver-cores"},
      {cli::keys::kDriverMemory, "--driver-memory"},      {cli::keys::kWaitTimeout, "--wait-timeout"}};
  const cli::MasterUrl master = config.GetMaster();
  if (master.kind == cli::MasterUrl::Kind::kCluster) return "";
  std::string ignored;
  const auto look_at = [&](std::string_view key, std::string_view flag) {
    if (!config.values().contains(std::string(key))) return;
    ignored.append(ignored.empty() ? "" : ", ").append(flag).append(" (").append(key).append(")");
  };
  for (const auto& [key, flag] : kOfClusters) look_at(key, flag);
  if (master.executor_memory_bytes) look_at(cli::keys::kExecutorMemory, "--executor-memory");
  if (ignored.empty()) return "";
  return "master " + config.Get(cli::keys::kMaster) + ": without effect on it: " + ignored;
}

int MostCores(const proto::ExecutorRequest& request) {
  const int of_executors = static_cast<int>(request.executors() * request.executor_cores());
  const int total = static_cast<int>(request.total_cores());
  return of_executors == 0 || total == 0 ? std::max(of_executors, total) : std::min(of_executors, total);
}

}  // namespace millstream::client
