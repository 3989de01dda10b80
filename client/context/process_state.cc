#include "client/context/process_state.h"

#include <cerrno>
#include <mutex>
#include <set>

#include "common/base/logging.h"
#include "common/cli/configuration_keys.h"

namespace millstream::client {

ProcessState& Process() {
  static ProcessState* const state = new ProcessState;
  return *state;
}

absl::StatusOr<cli::ResolvedConfig> Combine(const std::map<std::string, std::string>& code,
                                            std::vector<std::string>* notices) {
  auto config = cli::ResolvedConfig::Resolve(Process().flags, cli::ReadEnvironment(), code, notices);
  if (config.ok()) config->SetDefault(cli::keys::kAppName, program_invocation_short_name);
  return config;
}

absl::StatusOr<cli::ResolvedConfig> Resolve(const std::map<std::string, std::string>& code) {
  std::vector<std::string> notices;
  auto config = Combine(code, &notices);
  if (config.ok()) {
    base::SetLogLevel(config->GetLogLevel());
    const std::string directory = config->Get(cli::keys::kLogDir);
    if (!directory.empty()) {
      absl::Status opened = base::LogToDirectory(directory, program_invocation_short_name);
      if (!opened.ok()) return opened;
    }
  }
  static std::mutex mutex;
  static std::set<std::string>* const told = new std::set<std::string>;
  std::lock_guard lock(mutex);
  for (const std::string& notice : notices) {
    if (told->insert(notice).second) base::LogInfo(notice);
  }
  return config;
}

}  // namespace millstream::client
