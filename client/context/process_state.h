#ifndef MILLSTREAM_CLIENT_CONTEXT_PROCESS_STATE_H_
#define MILLSTREAM_CLIENT_CONTEXT_PROCESS_STATE_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/cli/engine_flags.h"
#include "common/cli/resolved_config.h"
#include "common/security/credentials.h"

namespace millstream::client {

// What Init() read, for the contexts of this process.
struct ProcessState {
  cli::EngineFlags flags;                 // set once, before any context
  std::vector<std::string> command_line;  // argv as the process got it
  bool handles_signals = false;           // SIGTERM and SIGINT stop the active StreamingContext
  // In cluster mode, what a worker started this driver as; set once, before any context.
  std::string driver;
  uint32_t driver_epoch = 0;
  std::optional<security::Credentials> credentials;  // that the worker issued, if there is TLS
  std::string host;                                  // that it listens on, unless it is configured
  std::string advertised_host;                       // likewise, as others are told it
  std::atomic<int> exit_code = 0;                    // as far as it is known already
};
ProcessState& Process();

// The configuration from all places: the command line, the environment, `code`, the properties file, and the
// executable's name where nobody names the application. `notices` are ResolvedConfig::Resolve()'s.
absl::StatusOr<cli::ResolvedConfig> Combine(const std::map<std::string, std::string>& code,
                                            std::vector<std::string>* notices);

// The same of an application that is about to start. Applies its log level
// and log directory, and logs a line for each value set in code that another place overrides.
absl::StatusOr<cli::ResolvedConfig> Resolve(const std::map<std::string, std::string>& code);

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_CONTEXT_PROCESS_STATE_H_
