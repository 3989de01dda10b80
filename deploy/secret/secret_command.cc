#include "deploy/secret/secret_command.h"

#include <cstdio>

#include "common/cli/errors.h"
#include "common/security/cluster_secret.h"
#include "deploy/submit/options.h"

namespace millstream::deploy {
namespace {

constexpr const char* kUsage =
    "Usage: millstream secret FILE\n\n"
    "Makes FILE, the secret of one cluster: a key that certifies its processes, the certificate to it, and "
    "a\n"
    "token. It is valid for ten years, and its mode is 0600. Copy it to every host of the cluster, with the\n"
    "same mode, owned by the user that runs Millstream there, and give it to its daemons, commands and\n"
    "programs with --secret-file FILE. Whoever can read it may pretend to be any process of the cluster. "
    "FILE\n"
    "must not exist.\n\n";

}  // namespace

absl::Status RunSecret(std::span<const std::string> arguments) {
  bool help = false;
  const auto rest = ParseOptions(arguments, {}, help);
  if (!rest.ok()) return rest.status();
  if (help) {
    std::fputs((kUsage + OptionsHelp({})).c_str(), stdout);
    return absl::OkStatus();
  }
  if (rest->size() != 1 || rest->front().empty()) {
    return cli::UsageError("millstream secret", "it takes the name of one file",
                           "Write millstream secret FILE");
  }
  const std::string& path = rest->front();
  if (absl::Status made = security::ClusterSecret::MakeFile(path); !made.ok()) return made;
  std::printf("%s: made. Copy it to every host of the cluster, with mode 0600\n", path.c_str());
  return absl::OkStatus();
}

}  // namespace millstream::deploy
