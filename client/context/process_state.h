#ifndef MILLSTREAM_CLIENT_CONTEXT_PROCESS_STATE_H_
#define MILLSTREAM_CLIENT_CONTEXT_PROCESS_STATE_H_

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/cli/engine_flags.h"
#include "common/cli/resolved_config.h"

namespace millstream::client {

// What Init() read, for the contexts of this process.
struct ProcessState {
  cli::EngineFlags flags;                 // set once, before any context
  std::vector<std::string> command_line;  // argv as the process got it
  bool handles_signals = false;           // SIGTERM and SIGINT stop the active StreamingContext
};
ProcessState& Process();

// The configuration, from all places, of an application that is about to start. Applies its log level
// and log directory, and logs a line for each value set in code that another place overrides.
absl::StatusOr<cli::ResolvedConfig> Resolve(const std::map<std::string, std::string>& code);

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_CONTEXT_PROCESS_STATE_H_
