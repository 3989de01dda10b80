#include <millstream/program.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "client/context/engine.h"
#include "client/context/exit_code.h"
#include "client/context/files.h"
#include "client/context/process_state.h"
#include "client/program/signals.h"
#include "common/base/file_limit.h"
#include "common/base/logging.h"
#include "common/cli/configuration_keys.h"
#include "common/cli/errors.h"
#include "common/cli/exit_codes.h"
#include "common/rpc/bootstrap.h"
#include "common/security/credentials.h"
#include "proto/bootstrap.pb.h"

namespace millstream {
namespace {

int Report(const absl::Status& status, int exit_code) {
  client::Process().exit_code = exit_code;
  std::fprintf(stderr, "%s\n", cli::ErrorLine(status).c_str());
  return exit_code;
}

// Ends the process without destructors: other threads may still use what they would destroy.
[[noreturn]] void Leave(int exit_code) {
  std::fflush(nullptr);
  _exit(exit_code);
}

[[noreturn]] void BeExecutor(const proto::Bootstrap& bootstrap, void (*on_process_start)()) {
  client::ProcessState& process = client::Process();
  process.flags.arguments.assign(bootstrap.arguments().begin(), bootstrap.arguments().end());
  process.flags.configuration.insert(bootstrap.configuration().begin(), bootstrap.configuration().end());
  const auto files = bootstrap.configuration().find(std::string(cli::keys::kFiles));
  if (files != bootstrap.configuration().end()) {
    if (absl::Status set = client::SetFiles(files->second); !set.ok()) Leave(Report(set, cli::kExitFailed));
  }
  if (on_process_start != nullptr) on_process_start();
  Leave(client::ServeExecutor(bootstrap));
}

void Enter(int* argc, char*** argv, void (*on_process_start)()) {
  base::InitLogging();
  base::RaiseFileLimit();
  base::ChangeLogLevelOnSignals();
  const auto bootstrap = rpc::ReadBootstrap();
  if (!bootstrap.ok()) Leave(Report(bootstrap.status(), cli::kExitFailed));
  client::ProcessState& process = client::Process();
  if (bootstrap->has_value()) {
    if ((*bootstrap)->driver().empty()) BeExecutor(**bootstrap, on_process_start);
    process.driver = (*bootstrap)->driver();
    process.driver_epoch = (*bootstrap)->driver_epoch();
    process.credentials = security::FromProto((*bootstrap)->credentials());
    process.host = (*bootstrap)->host();
    process.advertised_host = (*bootstrap)->advertised_host();
  }
  process.command_line.assign(*argv, *argv + *argc);
  const std::string program = *argc > 0 ? (*argv)[0] : "program";
  auto flags = cli::ParseEngineFlags({*argv + 1, static_cast<size_t>(*argc > 0 ? *argc - 1 : 0)});
  if (!flags.ok()) std::exit(Report(flags.status(), cli::kExitUsage));
  if (flags->help) {
    std::fputs(cli::EngineFlagsHelp(program).c_str(), stdout);
    std::exit(cli::kExitDone);
  }
  process.flags = *std::move(flags);
  const auto files = process.flags.configuration.find(std::string(cli::keys::kFiles));
  if (files != process.flags.configuration.end()) {
    if (absl::Status set = client::SetFiles(files->second); !set.ok()) {
      std::exit(Report(set, cli::kExitUsage));
    }
  }
  const int kept = static_cast<int>(process.flags.arguments.size());
  for (int i = 0; i < kept; ++i) (*argv)[1 + i] = (*argv)[*argc - kept + i];
  *argc = 1 + kept;
  (*argv)[*argc] = nullptr;
  client::HandleSignals();
  if (on_process_start != nullptr) on_process_start();
}

}  // namespace

void Init(int* argc, char*** argv) { Enter(argc, argv, nullptr); }

std::span<const std::string> Args() { return client::Process().flags.arguments; }

int Run(int argc, char** argv, const RunOptions& options,
        const std::function<absl::Status(StreamingContext&)>& build) {
  Enter(&argc, &argv, options.on_process_start);
  Config config;
  if (!options.app_name.empty()) config.SetAppName(options.app_name);
  config.Set(cli::keys::kBatchInterval, std::to_string(options.batch_interval.count()) + "ms");
  const auto resolved = client::Resolve(config.values());
  if (!resolved.ok()) return Report(resolved.status(), cli::kExitUsage);

  StreamingContext ssc(config, *resolved->GetDuration(cli::keys::kBatchInterval),
                       options.clock == nullptr ? SystemClock() : *options.clock);
  if (absl::Status status = ssc.context().status(); !status.ok())
    return Report(status, client::StartExitCode(status));
  bool returned = false;
  const absl::Status built = graph::CallUser("Run", [&] {
    absl::Status status = build(ssc);
    returned = true;
    return status;
  });
  if (!built.ok()) return Report(built, returned ? cli::kExitUsage : cli::kExitFailed);
  if (absl::Status status = ssc.Start(); !status.ok()) return Report(status, client::StartExitCode(status));
  const absl::Status outcome = ssc.AwaitTermination();
  ssc.Stop().IgnoreError();
  return outcome.ok() ? cli::kExitDone : Report(outcome, cli::kExitFailed);
}

}  // namespace millstream
