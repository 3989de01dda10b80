#include "common/cli/master_url.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "common/cli/errors.h"
#include "common/cli/values.h"

namespace millstream::cli {
namespace {

constexpr int kMostCores = 4096;
constexpr int kMostExecutors = 4096;
constexpr int kMostFailures = 1000;
constexpr int kMostPort = 65535;
constexpr int64_t kLeastMemoryMiB = 16;
constexpr int64_t kMostMemoryMiB = int64_t{64} << 20;

constexpr std::string_view kForms =
    "Write local, local[N], local[*], local[N,F] or local-cluster[EXECUTORS,CORES,MIB], with numbers above 0 "
    "and at least 16 MIB, or millstream://HOST:PORT";
constexpr std::string_view kClusterScheme = "millstream://";

// What stands between the brackets of "PREFIX[a,b]", cut at the commas; nothing if it is not written like
// that.
std::vector<std::string_view> Arguments(std::string_view text, std::string_view prefix) {
  std::vector<std::string_view> arguments;
  if (!text.starts_with(prefix) || !text.ends_with(']')) return arguments;
  text.remove_prefix(prefix.size());
  if (!text.starts_with('[')) return arguments;
  text = text.substr(1, text.size() - 2);
  while (true) {
    const size_t comma = text.find(',');
    arguments.push_back(Trim(text.substr(0, comma)));
    if (comma == std::string_view::npos) return arguments;
    text.remove_prefix(comma + 1);
  }
}

std::optional<int64_t> Number(std::string_view text, int64_t least, int64_t most) {
  const std::optional<int64_t> number = ParseInteger(text);
  if (!number || *number < least || *number > most) return std::nullopt;
  return number;
}

std::optional<int64_t> Cores(std::string_view text) {
  if (text == "*") return std::max(1u, std::thread::hardware_concurrency());
  return Number(text, 1, kMostCores);
}

std::optional<MasterUrl> ParseLocal(const std::vector<std::string_view>& arguments) {
  if (arguments.empty() || arguments.size() > 2) return std::nullopt;
  const std::optional<int64_t> cores = Cores(arguments[0]);
  const std::optional<int64_t> failures = arguments.size() == 2 ? Number(arguments[1], 1, kMostFailures) : 1;
  if (!cores || !failures) return std::nullopt;
  MasterUrl master;
  master.cores_per_executor = static_cast<int>(*cores);
  master.max_task_failures = static_cast<int>(*failures);
  return master;
}

std::optional<MasterUrl> ParseLocalCluster(const std::vector<std::string_view>& arguments) {
  if (arguments.size() != 3) return std::nullopt;
  const std::optional<int64_t> executors = Number(arguments[0], 1, kMostExecutors);
  const std::optional<int64_t> cores = Number(arguments[1], 1, kMostCores);
  const std::optional<int64_t> memory = Number(arguments[2], kLeastMemoryMiB, kMostMemoryMiB);
  if (!executors || !cores || !memory) return std::nullopt;
  MasterUrl master;
  master.kind = MasterUrl::Kind::kLocalCluster;
  master.executors = static_cast<int>(*executors);
  master.cores_per_executor = static_cast<int>(*cores);
  master.executor_memory_bytes = *memory << 20;
  return master;
}

bool IsHostAndPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view host = text.substr(0, colon);
  return host.find_first_of("/:[]@ \t") == std::string_view::npos &&
         Number(text.substr(colon + 1), 1, kMostPort).has_value();
}

std::optional<MasterUrl> ParseCluster(std::string_view text) {
  MasterUrl master;
  master.kind = MasterUrl::Kind::kCluster;
  while (true) {
    const size_t comma = text.find(',');
    if (!IsHostAndPort(text.substr(0, comma))) return std::nullopt;
    master.masters.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return master;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

std::optional<std::string> AsClusterUrl(std::string_view text) {
  constexpr std::string_view kEndOfScheme = "://";
  if (const size_t at = text.find(kEndOfScheme); at != std::string_view::npos) {
    text.remove_prefix(at + kEndOfScheme.size());
  }
  if (!ParseCluster(text)) return std::nullopt;
  return std::string(kClusterScheme) + std::string(text);
}

absl::StatusOr<MasterUrl> ParseMasterUrl(std::string_view text, std::string_view name) {
  const std::string quoted = '"' + std::string(text) + '"';
  std::optional<MasterUrl> master;
  if (text == "local") {
    master = ParseLocal({"1"});
  } else if (text.starts_with(kClusterScheme)) {
    master = ParseCluster(text.substr(kClusterScheme.size()));
  } else if (text.starts_with("local-cluster")) {
    master = ParseLocalCluster(Arguments(text, "local-cluster"));
  } else {
    master = ParseLocal(Arguments(text, "local"));
  }
  if (!master) {
    const std::optional<std::string> meant = AsClusterUrl(text);
    return UsageError(name, quoted + " is not a master", meant ? "Write " + *meant : std::string(kForms));
  }
  return *master;
}

}  // namespace millstream::cli
