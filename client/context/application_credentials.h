#ifndef MILLSTREAM_CLIENT_CONTEXT_APPLICATION_CREDENTIALS_H_
#define MILLSTREAM_CLIENT_CONTEXT_APPLICATION_CREDENTIALS_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/security/cluster_secret.h"
#include "common/security/credentials.h"
#include "common/security/identity.h"
#include "common/security/secret.h"

namespace millstream::client {

// The credentials of one application's processes: by TLS if there is a cluster's secret, else by what they
// alone know.
class ApplicationCredentials {
 public:
  explicit ApplicationCredentials(std::optional<security::ClusterSecret> cluster)
      : cluster_(std::move(cluster)), token_(security::Secret::Random()) {}

  absl::StatusOr<security::Credentials> Issue(security::Role role) const {
    const security::Identity identity{role, application_};
    if (cluster_) return cluster_->Issue(identity);
    return security::Credentials{identity, token_, std::nullopt};
  }

  // Whether connections are by TLS.
  bool secured() const { return cluster_.has_value(); }

 private:
  const std::optional<security::ClusterSecret> cluster_;
  const security::Secret token_;
  const std::string application_ = security::NewApplicationId();
};

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_CONTEXT_APPLICATION_CREDENTIALS_H_
