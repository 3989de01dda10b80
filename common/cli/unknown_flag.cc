#include "common/cli/unknown_flag.h"

#include <algorithm>
#include <array>
#include <string>

#include "common/cli/edit_distance.h"
#include "common/cli/errors.h"

namespace millstream::cli {
namespace {

struct SparkFlag {
  std::string_view name;
  std::string_view why;  // it is not here
  std::string_view instead;
};

constexpr std::string_view kNoJvm = "nothing runs in a JVM here";
constexpr std::string_view kNoRepository = "nothing is fetched from Maven here";
constexpr std::string_view kNoKerberos = "there is no Kerberos here";
constexpr std::string_view kLink = "Link the program with its libraries: the shared ones travel with it";
constexpr std::string_view kSecretFile = "Give the cluster's secret with --secret-file";

// spark-submit's flags that `millstream submit` does not have.
constexpr std::array kSparkFlags{
    SparkFlag{"--archives", "nothing is unpacked here", "Name the files themselves with --files"},
    SparkFlag{"--class", "a program is an executable with one main here", "Leave it out"},
    SparkFlag{"--driver-class-path", kNoJvm, kLink},
    SparkFlag{"--driver-java-options", kNoJvm, "Leave it out"},
    SparkFlag{"--driver-library-path", "libraries are looked for where the program is submitted",
              "Set LD_LIBRARY_PATH, or the program's RPATH"},
    SparkFlag{"--exclude-packages", kNoRepository, "Leave it out"},
    SparkFlag{"--jars", kNoJvm, kLink},
    SparkFlag{"--keytab", kNoKerberos, kSecretFile},
    SparkFlag{"--packages", kNoRepository, kLink},
    SparkFlag{"--principal", kNoKerberos, kSecretFile},
    SparkFlag{"--proxy-user", "a program runs as the workers' user here", "Leave it out"},
    SparkFlag{"--py-files", "a program is an executable here", "Name what they read with --files"},
    SparkFlag{"--queue", "the master has no queues", "Say the most cores with --total-executor-cores"},
    SparkFlag{"--repositories", kNoRepository, "Leave it out"},
};

}  // namespace

absl::Status UnknownFlag(std::string_view name, std::span<const std::string_view> known,
                         std::string_view hint) {
  const auto spark = std::ranges::find(kSparkFlags, name, &SparkFlag::name);
  if (spark != kSparkFlags.end()) {
    return UsageError(name, "this is spark-submit's flag, and " + std::string(spark->why),
                      std::string(spark->instead) + std::string(hint));
  }
  return UsageError(name, "there is no such flag",
                    NearestOr(name, known, "--help lists those there are") + std::string(hint));
}

}  // namespace millstream::cli
