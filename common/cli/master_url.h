#ifndef MILLSTREAM_COMMON_CLI_MASTER_URL_H_
#define MILLSTREAM_COMMON_CLI_MASTER_URL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace millstream::cli {

// Where an application runs.
struct MasterUrl {
  enum class Kind {
    kLocal,         // one executor within the driver's process
    kLocalCluster,  // executor processes on this host
    kCluster,       // executors that a master's workers start
  };
  Kind kind = Kind::kLocal;
  int executors = 1;
  int cores_per_executor = 1;
  std::optional<int64_t> executor_memory_bytes;  // M of local-cluster[E,C,M]
  std::optional<int> max_task_failures;          // 1 in local[N], F in local[N,F]
  std::vector<std::string> masters{};            // "host:port" each, of millstream://host:port[,host2:port2]

  bool operator==(const MasterUrl&) const = default;
};

// "local", "local[N]", "local[*]", "local[N,F]", "local[*,F]", "local-cluster[E,C,M]" (executors, cores of
// each, MiB of each) or "millstream://HOST:PORT[,HOST:PORT]"; * is every core of this machine. Else a usage
// error that says how to write it; `name` is what the user called it.
absl::StatusOr<MasterUrl> ParseMasterUrl(std::string_view text, std::string_view name = "--master");

// The URL of a cluster's master that `text` can be meant as: an address without a scheme, or with another
// one, as Spark's.
std::optional<std::string> AsClusterUrl(std::string_view text);

}  // namespace millstream::cli

#endif  // MILLSTREAM_COMMON_CLI_MASTER_URL_H_
