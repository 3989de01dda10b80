#ifndef MILLSTREAM_COMMON_CLI_CONFIGURATION_KEYS_H_
#define MILLSTREAM_COMMON_CLI_CONFIGURATION_KEYS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millstream::cli {

namespace keys {

inline constexpr std::string_view kMaster = "millstream.master";
inline constexpr std::string_view kAppName = "millstream.app.name";
inline constexpr std::string_view kBatchInterval = "millstream.streaming.batchInterval";
inline constexpr std::string_view kBlockInterval = "millstream.streaming.blockInterval";
inline constexpr std::string_view kReceiverMaxRate = "millstream.streaming.receiver.maxRate";
inline constexpr std::string_view kReceiverRestartDelay = "millstream.streaming.receiverRestartDelay";
inline constexpr std::string_view kMaxRecordSize = "millstream.streaming.maxRecordSize";
inline constexpr std::string_view kGracefulStopTimeout = "millstream.streaming.gracefulStopTimeout";
inline constexpr std::string_view kStopGracefullyOnShutdown = "millstream.streaming.stopGracefullyOnShutdown";
inline constexpr std::string_view kStopContextByDefault = "millstream.streaming.stopContextByDefault";
inline constexpr std::string_view kDefaultParallelism = "millstream.default.parallelism";
inline constexpr std::string_view kDriverBindAddress = "millstream.driver.bindAddress";
inline constexpr std::string_view kDriverBlocksPort = "millstream.driver.blockManager.port";
inline constexpr std::string_view kDriverHost = "millstream.driver.host";
inline constexpr std::string_view kDriverPort = "millstream.driver.port";
inline constexpr std::string_view kExecutorPort = "millstream.blockManager.port";
inline constexpr std::string_view kPortMaxRetries = "millstream.port.maxRetries";
inline constexpr std::string_view kMaxResultSize = "millstream.driver.maxResultSize";
inline constexpr std::string_view kExecutorMemory = "millstream.executor.memory";
inline constexpr std::string_view kExecutorCores = "millstream.executor.cores";
inline constexpr std::string_view kExecutorInstances = "millstream.executor.instances";
inline constexpr std::string_view kDriverCores = "millstream.driver.cores";
inline constexpr std::string_view kDriverMemory = "millstream.driver.memory";
inline constexpr std::string_view kExecutorEnvPrefix = "millstream.executorEnv.";  // and a variable's name
inline constexpr std::string_view kRolledSize = "millstream.executor.logs.rolling.maxSize";
inline constexpr std::string_view kRolledFiles = "millstream.executor.logs.rolling.maxRetainedFiles";
inline constexpr std::string_view kFiles = "millstream.files";
inline constexpr std::string_view kMaxCores = "millstream.cores.max";
inline constexpr std::string_view kWaitTimeout = "millstream.cluster.waitTimeout";
inline constexpr std::string_view kLocalDir = "millstream.local.dir";
inline constexpr std::string_view kMaxTaskFailures = "millstream.task.maxFailures";
inline constexpr std::string_view kMaxStageAttempts = "millstream.stage.maxConsecutiveAttempts";
inline constexpr std::string_view kNetworkTimeout = "millstream.network.timeout";
inline constexpr std::string_view kSecretFile = "millstream.secret.file";
inline constexpr std::string_view kLogDir = "millstream.log.dir";
inline constexpr std::string_view kLogLevel = "millstream.log.level";
inline constexpr std::string_view kSmallChunks = "millstream.debug.smallChunks";

}  // namespace keys

struct ConfigurationKey {
  enum class Type { kText, kMaster, kBoolean, kInteger, kDuration, kSize, kLogLevel };
  std::string_view name;
  Type type;
  std::string_view default_value;  // empty: none, the engine decides
  std::string_view help;           // what it is for
  // Of integers; of durations in milliseconds; of sizes in bytes.
  int64_t least = 0;
  int64_t most = 0;
  // What a number without a unit counts, as it does in Spark; 0: a unit is needed.
  int64_t bare = 0;
};

// Every configuration key there is, by name.
std::span<const ConfigurationKey> ConfigurationKeys();

// The entry of `name`, which "millstream.executorEnv.NAME" has for any variable's name; or a usage error that
// names the nearest key, if one is near; of a spark.* key, the key that replaces it.
absl::StatusOr<const ConfigurationKey*> FindConfigurationKey(std::string_view name);

// OK if `value` may be given to `key`, else a usage error that says how it is written and what its limits
// are. `name` is what the user called it ("--batch-interval", or the key).
absl::Status CheckValue(const ConfigurationKey& key, std::string_view name, std::string_view value);

}  // namespace millstream::cli

#endif  // MILLSTREAM_COMMON_CLI_CONFIGURATION_KEYS_H_
