#include "deploy/worker/certify.h"

#include <optional>

#include "absl/status/statusor.h"
#include "common/security/cluster_secret.h"
#include "common/security/credentials.h"
#include "common/security/identity.h"

namespace millstream::deploy {

absl::Status Certify(const std::string& secret_file, Launch& launch) {
  if (secret_file.empty()) return absl::OkStatus();
  const std::optional<security::Credentials> given = security::FromProto(launch.bootstrap.credentials());
  if (!launch.is_driver && given && given->tls) return absl::OkStatus();
  const std::string application = launch.is_driver
                                      ? security::LaunchApplicationId(launch.key.first, launch.key.second)
                                      : launch.certified_as;
  // What names no application would serve the cluster.
  if (application.empty()) return absl::PermissionDeniedError("its driver has no certificate");
  const absl::StatusOr<security::ClusterSecret> secret = security::ClusterSecret::Read(secret_file);
  if (!secret.ok()) return secret.status();
  const absl::StatusOr<security::Credentials> issued =
      secret->Issue({launch.is_driver ? security::Role::kDriver : security::Role::kExecutor, application});
  if (!issued.ok()) return issued.status();
  security::ToProto(*issued, *launch.bootstrap.mutable_credentials());
  return absl::OkStatus();
}

}  // namespace millstream::deploy
