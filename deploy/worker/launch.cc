#include "deploy/worker/launch.h"

namespace millstream::deploy {

Launch Launch::Of(const proto::LaunchExecutor& executor) {
  Launch launch{.is_driver = false,
                .key = {executor.application(), executor.executor()},
                .cores = executor.cores(),
                .memory_bytes = executor.memory_bytes(),
                .program = executor.program(),
                .command_line = {executor.command_line().begin(), executor.command_line().end()},
                .environment = {},
                .output = executor.output(),
                .bootstrap = executor.bootstrap(),
                .certified_as = executor.certified_as()};
  for (const auto& [name, value] : executor.environment()) launch.environment.push_back(name + "=" + value);
  launch.bootstrap.set_application_id(executor.application());
  return launch;
}

Launch Launch::Of(const proto::LaunchDriver& driver) {
  const proto::DriverRequest& request = driver.request();
  Launch launch{.is_driver = true,
                .key = {driver.id(), driver.epoch()},
                .cores = request.cores(),
                .memory_bytes = request.memory_bytes(),
                .program = request.program(),
                .command_line = {request.command_line().begin(), request.command_line().end()},
                .environment = {},
                .output = request.output(),
                .bootstrap = {},
                .certified_as = {}};
  launch.bootstrap.set_driver(driver.id());
  launch.bootstrap.set_driver_epoch(driver.epoch());
  return launch;
}

}  // namespace millstream::deploy
