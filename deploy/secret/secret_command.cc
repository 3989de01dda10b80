#include "deploy/secret/secret_command.h"

#include <cstdio>

#include "common/cli/errors.h"
#include "common/security/cluster_secret.h"

namespace millstream::deploy {
namespace {

constexpr const char* kHelp = R"(Usage: millstream secret FILE

Makes FILE, the secret of one cluster: a key that certifies its processes, the certificate
to it, and a token. It is valid for ten years, and its mode is 0600. Copy it to every host of
the cluster, with the same mode, owned by the user that runs Millstream there, and give it to
its daemons, commands and programs with --secret-file FILE. Whoever can read it may pretend to be any process of the
cluster. FILE must not exist.
)";

}  // namespace

absl::Status RunSecret(std::span<const std::string> arguments) {
  const std::string first = arguments.empty() ? "" : arguments[0];
  if (first == "--help" || first == "-h") {
    std::fputs(kHelp, stdout);
    return absl::OkStatus();
  }
  if (arguments.size() != 1 || first.empty() || first.starts_with('-')) {
    return cli::UsageError("millstream secret", "it takes the name of one file",
                           "Write millstream secret FILE");
  }
  const std::string& path = arguments[0];
  if (absl::Status made = security::ClusterSecret::MakeFile(path); !made.ok()) return made;
  std::printf("%s: made. Copy it to every host of the cluster, with mode 0600\n", path.c_str());
  return absl::OkStatus();
}

}  // namespace millstream::deploy
