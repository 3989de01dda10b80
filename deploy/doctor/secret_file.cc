#include "deploy/doctor/secret_file.h"

#include "common/security/cluster_secret.h"

namespace millstream::deploy {
namespace {

constexpr std::chrono::hours kSoon{30 * 24};

}  // namespace

Finding CheckSecretFile(const std::string& path, std::chrono::system_clock::time_point now) {
  if (const auto secret = security::ClusterSecret::Read(path, now); !secret.ok()) {
    return {Finding::Severity::kFail, std::string(secret.status().message())};
  }
  if (!security::ClusterSecret::Read(path, now + kSoon).ok()) {
    return Warn(path, "it expires within 30 days",
                "Make a new one for all hosts of the cluster with millstream secret");
  }
  return Ok(path, "it is this user's alone, and valid");
}

}  // namespace millstream::deploy
