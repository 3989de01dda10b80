#include "deploy/submit/master_options.h"

#include "common/cli/configuration_keys.h"
#include "common/cli/resolved_config.h"
#include "common/cli/values.h"

namespace millstream::deploy {
namespace {

constexpr std::chrono::milliseconds kReachTimeout{10'000};
constexpr std::string_view kWaitTimeout = "--wait-timeout";

absl::Status Check(std::string_view key, std::string_view name, std::string_view given) {
  return cli::CheckValue(**cli::FindConfigurationKey(key), name, given);
}

std::chrono::milliseconds Wait(std::string_view given) {
  return *cli::ParseDuration(given, std::chrono::seconds(1));
}

Option ValueOption(Values& values, std::string_view name, std::string_view value, std::string_view key,
                   std::string_view help) {
  const auto set = [&values, name, key](std::string_view given) {
    if (absl::Status checked = Check(key, name, given); !checked.ok()) return checked;
    values[std::string(key)] = given;
    return absl::OkStatus();
  };
  return {name, value, help, set};
}

std::string ValueOr(const Values& values, std::string_view key, std::string_view otherwise) {
  const auto found = values.find(std::string(key));
  return found == values.end() ? std::string(otherwise) : found->second;
}

}  // namespace

std::vector<Option> MasterOptions(Values& values) {
  // Whether it is a cluster's is for MasterQueryOf() to say.
  const auto set_master = [&values](std::string_view url) {
    values[std::string(cli::keys::kMaster)] = url;
    return absl::OkStatus();
  };
  return {{"--master", "URL", "millstream://HOST:PORT; default MILLSTREAM_MASTER", set_master},
          ValueOption(values, "--secret-file", "FILE", cli::keys::kSecretFile,
                      "the cluster's secret, as millstream secret FILE makes it, if it has one"),
          ValueOption(values, kWaitTimeout, "DURATION", cli::keys::kWaitTimeout,
                      "how long to wait for an answer of the master; default 10s")};
}

Option WaitTimeoutOption(std::chrono::milliseconds& wait, std::string_view help) {
  const auto set = [&wait](std::string_view given) {
    if (absl::Status checked = Check(cli::keys::kWaitTimeout, kWaitTimeout, given); !checked.ok())
      return checked;
    wait = Wait(given);
    return absl::OkStatus();
  };
  return {kWaitTimeout, "DURATION", help, set};
}

absl::StatusOr<Values> WithEnvironment(const Values& values) {
  cli::EngineFlags flags;
  flags.configuration = values;
  std::vector<std::string> notices;
  const auto config = cli::ResolvedConfig::Resolve(flags, cli::ReadEnvironment(), {}, &notices);
  if (!config.ok()) return config.status();
  return config->values();
}

absl::StatusOr<MasterQuery> MasterQueryOf(const Values& values) {
  const auto master = values.find(std::string(cli::keys::kMaster));
  if (master == values.end()) return NoMasterError();
  absl::StatusOr<MasterAccess> access = AccessTo(master->second, ValueOr(values, cli::keys::kSecretFile, ""));
  if (!access.ok()) return access.status();
  const auto wait = values.find(std::string(cli::keys::kWaitTimeout));
  return MasterQuery{*std::move(access), wait == values.end() ? kReachTimeout : Wait(wait->second)};
}

}  // namespace millstream::deploy
