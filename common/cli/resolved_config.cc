#include "common/cli/resolved_config.h"

#include <stdlib.h>

#include "absl/status/status.h"
#include "common/cli/configuration_keys.h"
#include "common/cli/properties_file.h"
#include "common/cli/values.h"

namespace millstream::cli {
namespace {

std::string Variable(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

absl::Status CheckAll(const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) {
    const absl::StatusOr<const ConfigurationKey*> key = FindConfigurationKey(name);
    if (!key.ok()) return key.status();
    if (absl::Status checked = CheckValue(**key, name, value); !checked.ok()) return checked;
  }
  return absl::OkStatus();
}

const ConfigurationKey& Known(std::string_view name) { return **FindConfigurationKey(name); }

// Replaces what `code` set and says so.
void Override(const std::map<std::string, std::string>& by, const std::string& where,
              const std::map<std::string, std::string>& code, std::map<std::string, std::string>& values,
              std::vector<std::string>* notices) {
  for (const auto& [name, value] : by) {
    const auto set = code.find(name);
    if (set != code.end() && set->second != value) {
      notices->push_back(name + ": " + value + " (" + where + ") replaces " + set->second +
                         ", which the program sets");
    }
    values[name] = value;
  }
}

}  // namespace

Environment ReadEnvironment() {
  return {Variable("MILLSTREAM_MASTER"), Variable("MILLSTREAM_PROPERTIES_FILE")};
}

absl::StatusOr<ResolvedConfig> ResolvedConfig::Resolve(const EngineFlags& flags,
                                                       const Environment& environment,
                                                       const std::map<std::string, std::string>& code,
                                                       std::vector<std::string>* notices) {
  ResolvedConfig config;
  const std::string& file =
      flags.properties_file.empty() ? environment.properties_file : flags.properties_file;
  if (!file.empty()) {
    absl::StatusOr<std::map<std::string, std::string>> properties = ReadPropertiesFile(file);
    if (!properties.ok()) return properties.status();
    config.values_ = *std::move(properties);
  }
  if (absl::Status checked = CheckAll(code); !checked.ok()) return checked;
  for (const auto& [name, value] : code) config.values_[name] = value;
  const std::string master(keys::kMaster);
  // A master that the command line replaces does not matter, right or wrong.
  if (!environment.master.empty() && !flags.configuration.contains(master)) {
    absl::Status checked = CheckValue(Known(master), "MILLSTREAM_MASTER", environment.master);
    if (!checked.ok()) return checked;
    Override({{master, environment.master}}, "environment", code, config.values_, notices);
  }
  Override(flags.configuration, "command line", code, config.values_, notices);
  return config;
}

absl::StatusOr<ResolvedConfig> ResolvedConfig::FromValues(const std::map<std::string, std::string>& values) {
  if (absl::Status checked = CheckAll(values); !checked.ok()) return checked;
  ResolvedConfig config;
  config.values_ = values;
  return config;
}

std::string ResolvedConfig::Get(std::string_view key) const {
  const auto value = values_.find(std::string(key));
  return value != values_.end() ? value->second : std::string(Known(key).default_value);
}

std::optional<int64_t> ResolvedConfig::GetInteger(std::string_view key) const {
  return ParseInteger(Get(key));
}

std::optional<int64_t> ResolvedConfig::GetBytes(std::string_view key) const {
  return ParseSize(Get(key), Known(key).bare);
}

std::optional<std::chrono::milliseconds> ResolvedConfig::GetDuration(std::string_view key) const {
  return ParseDuration(Get(key), std::chrono::milliseconds(Known(key).bare));
}

bool ResolvedConfig::GetBoolean(std::string_view key) const { return ParseBoolean(Get(key)).value_or(false); }

base::LogLevel ResolvedConfig::GetLogLevel() const { return *ParseLogLevel(Get(keys::kLogLevel)); }

MasterUrl ResolvedConfig::GetMaster() const { return *ParseMasterUrl(Get(keys::kMaster)); }

}  // namespace millstream::cli
