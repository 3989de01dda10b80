#include "client/context/process_state.h"

#include "common/base/logging.h"

namespace millstream::client {

ProcessState& Process() {
  static ProcessState* const state = new ProcessState;
  return *state;
}

absl::StatusOr<cli::ResolvedConfig> Resolve(const std::map<std::string, std::string>& code) {
  std::vector<std::string> notices;
  auto config = cli::ResolvedConfig::Resolve(Process().flags, cli::ReadEnvironment(), code, &notices);
  for (const std::string& notice : notices) base::LogInfo(notice);
  return config;
}

}  // namespace millstream::client
