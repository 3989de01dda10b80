#include "common/cli/configuration_keys.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <optional>
#include <vector>

#include "common/cli/edit_distance.h"
#include "common/cli/errors.h"
#include "common/cli/master_url.h"
#include "common/cli/values.h"

namespace millstream::cli {
namespace {

using Type = ConfigurationKey::Type;

constexpr int64_t kSecond = 1000;
constexpr int64_t kDay = 86'400 * kSecond;
constexpr int64_t kMiB = int64_t{1} << 20;
constexpr int64_t kMostPort = 65535;
constexpr int64_t kTiB = int64_t{1} << 40;

constexpr std::string_view kAnyExecutorVariable = "millstream.executorEnv.NAME";

constexpr std::array kKeys{
    ConfigurationKey{keys::kAppName, Type::kText, "", "the application's name; else the executable's"},
    ConfigurationKey{
        keys::kExecutorPort, Type::kInteger, "0",
        "the port an executor serves blocks on; 0: any. One that is in use is followed by the next", 0,
        kMostPort},
    ConfigurationKey{keys::kWaitTimeout, Type::kDuration, "60s",
                     "how long an application waits for a cluster's master and for cores", 100, kDay,
                     kSecond},
    ConfigurationKey{keys::kMaxCores, Type::kInteger, "",
                     "the most cores of a cluster that the application takes; else all there are", 1,
                     1 << 20},
    ConfigurationKey{
        keys::kSmallChunks, Type::kBoolean, "false",
        "chunks of 1-3 rows, overwritten after use: finds views that were kept; the testing kit sets it"},
    ConfigurationKey{
        keys::kDefaultParallelism, Type::kInteger, "",
        "partitions where neither the program nor an input says how many; else all cores together", 1, 65536},
    ConfigurationKey{
        keys::kDriverBindAddress, Type::kText, "",
        "the address the driver listens on; else 127.0.0.1, or what leads to the cluster's master"},
    ConfigurationKey{keys::kDriverBlocksPort, Type::kInteger, "0",
                     "the port the driver serves its collections on, as millstream.blockManager.port", 0,
                     kMostPort},
    ConfigurationKey{keys::kDriverCores, Type::kInteger, "1",
                     "cores of a worker that are set aside for a driver in cluster mode", 1, 4096},
    ConfigurationKey{keys::kDriverHost, Type::kText, "",
                     "the driver's host as executors are told it; else the address it listens on"},
    ConfigurationKey{keys::kMaxResultSize, Type::kSize, "1g",
                     "the most bytes one action may bring to the driver", 1, kTiB, 1},
    ConfigurationKey{keys::kDriverMemory, Type::kSize, "1g",
                     "memory of a worker that is set aside for a driver in cluster mode", 16 * kMiB,
                     64 * kTiB, kMiB},
    ConfigurationKey{keys::kDriverPort, Type::kInteger, "0",
                     "the port executors connect to the driver on, as millstream.blockManager.port", 0,
                     kMostPort},
    ConfigurationKey{
        keys::kExecutorCores, Type::kInteger, "",
        "cores of an executor on a cluster; else 1 if millstream.executor.instances is given, and "
        "all free cores of a worker if not",
        1, 4096},
    ConfigurationKey{keys::kExecutorInstances, Type::kInteger, "",
                     "the most executors on a cluster; else as many as there are cores for", 1, 65536},
    ConfigurationKey{keys::kRolledFiles, Type::kInteger, "4",
                     "rolled files that a worker keeps of an executor's standard output, and of its error", 0,
                     1000},
    ConfigurationKey{keys::kRolledSize, Type::kSize, "16m",
                     "the size at which a worker rolls an executor's output; a driver's in cluster mode too",
                     1024, kTiB, 1},
    ConfigurationKey{
        keys::kExecutorMemory, Type::kSize, "1g",
        "one executor's budget for blocks, tables and buffers; local-cluster[E,C,M] says it by M", 16 * kMiB,
        64 * kTiB, kMiB},
    ConfigurationKey{kAnyExecutorVariable, Type::kText, "", "the environment variable NAME of executors"},
    ConfigurationKey{keys::kFiles, Type::kText, "",
                     "files for every process, separated by commas; ms::GetFile(name) finds them"},
    ConfigurationKey{keys::kLocalDir, Type::kText, "/tmp", "where executors spill"},
    ConfigurationKey{keys::kLogDir, Type::kText, "",
                     "the directory of the driver's log, PROGRAM.log, which rotates; else standard error"},
    ConfigurationKey{keys::kLogLevel, Type::kLogLevel, "info", "the least severe messages that are logged"},
    ConfigurationKey{keys::kMaster, Type::kMaster, "local[*]", "where the application runs"},
    ConfigurationKey{keys::kNetworkTimeout, Type::kDuration, "10s",
                     "how long an executor may be silent before it is lost", 100, kDay, kSecond},
    ConfigurationKey{keys::kPortMaxRetries, Type::kInteger, "16",
                     "how many ports after one that is in use are tried", 0, kMostPort},
    ConfigurationKey{keys::kSecretFile, Type::kText, "",
                     "the cluster's secret, with which every connection is mutual TLS"},
    ConfigurationKey{keys::kMaxStageAttempts, Type::kInteger, "4",
                     "tries of a stage whose input is lost again and again", 1, 1000},
    ConfigurationKey{keys::kBatchInterval, Type::kDuration, "", "the time from one batch to the next", 1,
                     kDay},
    ConfigurationKey{keys::kBlockInterval, Type::kDuration, "200ms",
                     "how often receivers report what they received", 1, kDay, 1},
    ConfigurationKey{keys::kGracefulStopTimeout, Type::kDuration, "",
                     "how long a graceful stop may take; else ten batch intervals", 1, kDay, 1},
    ConfigurationKey{keys::kMaxRecordSize, Type::kSize, "16m", "longer records are dropped and counted", 1,
                     1024 * kMiB, 1},
    ConfigurationKey{keys::kReceiverMaxRate, Type::kInteger, "0",
                     "rows a second that a receiver may store one by one; 0 or less: any",
                     std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()},
    ConfigurationKey{keys::kReceiverRestartDelay, Type::kDuration, "2s",
                     "the wait before a receiver that failed or ended is tried again", 0, kDay, 1},
    ConfigurationKey{keys::kStopContextByDefault, Type::kBoolean, "true",
                     "stopping the streaming stops its context too"},
    ConfigurationKey{keys::kStopGracefullyOnShutdown, Type::kBoolean, "true",
                     "SIGTERM and SIGINT process what was received before the program ends"},
    ConfigurationKey{keys::kMaxTaskFailures, Type::kInteger, "4",
                     "tries of a task on a cluster; local[N,F] says it by F", 1, 1000},
};

// Spark's keys whose last part is not ours.
constexpr std::array<std::array<std::string_view, 2>, 1> kRenamed{
    {{"spark.streaming.stopSparkContextByDefault", keys::kStopContextByDefault}}};

constexpr std::string_view kSparkPrefix = "spark.";
constexpr std::string_view kPrefix = "millstream.";

bool IsVariableName(std::string_view name) {
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

const ConfigurationKey* FindExactly(std::string_view name) {
  if (name.starts_with(keys::kExecutorEnvPrefix)) {
    const std::string_view variable = name.substr(keys::kExecutorEnvPrefix.size());
    // The engine's own are not for programs.
    if (!IsVariableName(variable) || variable.starts_with("MILLSTREAM_")) return nullptr;
    name = kAnyExecutorVariable;
  }
  const auto found = std::ranges::find(kKeys, name, &ConfigurationKey::name);
  return found == kKeys.end() ? nullptr : &*found;
}

std::string NearestKeyOr(std::string_view name, std::string_view otherwise, double share) {
  std::vector<std::string_view> names;
  names.reserve(kKeys.size());
  for (const ConfigurationKey& key : kKeys) names.push_back(key.name);
  return NearestOr(name, names, otherwise, share);
}

absl::Status NoSuchSparkKey(std::string_view name) {
  const std::string ours = std::string(kPrefix) + std::string(name.substr(kSparkPrefix.size()));
  std::string_view replacement;
  if (FindExactly(ours) != nullptr) replacement = ours;
  for (const auto& [spark, millstream] : kRenamed) {
    if (spark == name) replacement = millstream;
  }
  if (!replacement.empty()) {
    return UsageError(name, "this is Spark's key", "Write " + std::string(replacement));
  }
  return UsageError(name, "this is Spark's key and has no counterpart here",
                    NearestKeyOr(ours, "Leave it out", 0.25));
}

std::string Quoted(std::string_view value) { return '"' + std::string(value) + '"'; }

// A number with a unit: `parsed` is nullopt if it is not written like one.
absl::Status CheckRange(const ConfigurationKey& key, std::string_view name, std::string_view value,
                        const std::optional<int64_t>& parsed, std::string_view what, std::string_view how,
                        std::string (*format)(int64_t)) {
  if (!parsed) return UsageError(name, Quoted(value) + " is not " + std::string(what), how);
  if (*parsed >= key.least && *parsed <= key.most) return absl::OkStatus();
  return UsageError(name, Quoted(value) + " is out of range",
                    "Write a value from " + format(key.least) + " to " + format(key.most));
}

std::optional<int64_t> Count(std::optional<std::chrono::milliseconds> duration) {
  if (!duration) return std::nullopt;
  return duration->count();
}

}  // namespace

std::span<const ConfigurationKey> ConfigurationKeys() { return kKeys; }

absl::StatusOr<const ConfigurationKey*> FindConfigurationKey(std::string_view name) {
  if (const ConfigurationKey* key = FindExactly(name)) return key;
  if (name.starts_with(keys::kExecutorEnvPrefix)) {
    return UsageError(name, "that is no name of a variable of programs",
                      "Write letters, digits and _, not MILLSTREAM_ first");
  }
  if (name.starts_with(kSparkPrefix)) return NoSuchSparkKey(name);
  return UsageError(
      name, "there is no such configuration key",
      NearestKeyOr(name, "A program's --help lists those there are", name.starts_with(kPrefix) ? 1 : 0.5));
}

absl::Status CheckValue(const ConfigurationKey& key, std::string_view name, std::string_view value) {
  switch (key.type) {
    case Type::kText:
      if (!value.empty()) return absl::OkStatus();
      return UsageError(name, "the value is empty", "Write one, or leave it out");
    case Type::kMaster:
      return ParseMasterUrl(value, name).status();
    case Type::kBoolean:
      if (ParseBoolean(value)) return absl::OkStatus();
      return UsageError(name, Quoted(value) + " is neither true nor false", "Write true or false");
    case Type::kLogLevel:
      if (ParseLogLevel(value)) return absl::OkStatus();
      return UsageError(name, Quoted(value) + " is no log level", "Write debug, info, warning or error");
    case Type::kInteger:
      return CheckRange(key, name, value, ParseInteger(value), "a whole number", "Write digits only, as in 4",
                        [](int64_t number) { return std::to_string(number); });
    case Type::kDuration:
      return CheckRange(key, name, value, Count(ParseDuration(value, std::chrono::milliseconds(key.bare))),
                        "a duration", "Write a whole number and a unit, as in 25ms, 5s, 10m, 3h or 5d",
                        [](int64_t ms) { return FormatDuration(std::chrono::milliseconds(ms)); });
    case Type::kSize:
      return CheckRange(key, name, value, ParseSize(value, key.bare), "a size",
                        "Write a whole number and a unit, as in 512k, 64m or 1g",
                        [](int64_t bytes) { return FormatSize(bytes); });
  }
  return absl::OkStatus();
}

}  // namespace millstream::cli
