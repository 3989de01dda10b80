#ifndef MILLSTREAM_COMMON_CLI_RESOLVED_CONFIG_H_
#define MILLSTREAM_COMMON_CLI_RESOLVED_CONFIG_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/logging.h"
#include "common/cli/engine_flags.h"
#include "common/cli/master_url.h"

namespace millstream::cli {

// The environment variables that configure a program; empty: not set.
struct Environment {
  std::string master;           // MILLSTREAM_MASTER
  std::string properties_file;  // MILLSTREAM_PROPERTIES_FILE
};
Environment ReadEnvironment();

// The configuration of one application: known keys with values that fit.
class ResolvedConfig {
 public:
  // Command line > environment > code > properties file > defaults. `code` is what the program itself set.
  // Usage errors name what is wrong and where. For each value of `code` that another one replaces a line is
  // added to `notices`.
  static absl::StatusOr<ResolvedConfig> Resolve(const EngineFlags& flags, const Environment& environment,
                                                const std::map<std::string, std::string>& code,
                                                std::vector<std::string>* notices);
  // As another process resolved it.
  static absl::StatusOr<ResolvedConfig> FromValues(const std::map<std::string, std::string>& values);

  // What `key` has unless something else gave it one.
  void SetDefault(std::string_view key, std::string value) { values_.emplace(key, std::move(value)); }

  // The value or the default; empty if there is neither. `key` is a known one.
  std::string Get(std::string_view key) const;
  // nullopt: neither given nor defaulted.
  std::optional<int64_t> GetInteger(std::string_view key) const;
  std::optional<int64_t> GetBytes(std::string_view key) const;
  std::optional<std::chrono::milliseconds> GetDuration(std::string_view key) const;
  bool GetBoolean(std::string_view key) const;
  base::LogLevel GetLogLevel() const;
  MasterUrl GetMaster() const;

  // What was given, without defaults.
  const std::map<std::string, std::string>& values() const { return values_; }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace millstream::cli

#endif  // MILLSTREAM_COMMON_CLI_RESOLVED_CONFIG_H_
