#include "deploy/daemon/log_options.h"

#include <optional>
#include <utility>

#include "common/base/logging.h"
#include "common/cli/errors.h"
#include "common/cli/values.h"

namespace millstream::deploy {

Option LogLevelOption() {
  return {"--log-level", "LEVEL",
          "debug, info, warning or error; default info. SIGUSR1 logs more, SIGUSR2 less",
          [](std::string_view text) {
            const std::optional<base::LogLevel> level = cli::ParseLogLevel(text);
            if (!level) {
              return cli::UsageError("--log-level", '"' + std::string(text) + "\" is no log level",
                                     "Write debug, info, warning or error");
            }
            base::SetLogLevel(*level);
            return absl::OkStatus();
          }};
}

Option LogDirOption(std::string name) {
  return {"--log-dir", "DIR", "logs to a file there, which rotates; default standard error",
          [name = std::move(name)](std::string_view text) {
            if (text.empty()) return cli::UsageError("--log-dir", "its value is empty", "Write one");
            return base::LogToDirectory(std::string(text), name);
          }};
}

}  // namespace millstream::deploy
