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

// The credentials of one application's processes: by TLS if there is a cluster's secret, or if a worker
// issued the driver's, else by what they alone know.
class ApplicationCredentials {
 public:
  ApplicationCredentials(std::optional<security::ClusterSecret> cluster,
                         std::optional<security::Credentials> of_driver)
      : cluster_(std::move(cluster)), of_driver_(std::move(of_driver)), token_(security::Secret::Random()) {}

  absl::StatusOr<security::Credentials> Issue(security::Role role) const {
    if (of_driver_) {
      if (role == of_driver_->identity.role) return *of_driver_;
      // The worker that starts it certifies it.
      return security::Credentials{{role, of_driver_->identity.application}, of_driver_->token, std::nullopt};
    }
    const security::Identity identity{role, application_};
    if (cluster_) return cluster_->Issue(identity);
    return security::Credentials{identity, token_, std::nullopt};
  }

  // Whether connections are by TLS.
  bool secured() const { return cluster_ || of_driver_; }

 private:
  const std::optional<security::ClusterSecret> cluster_;
  const std::optional<security::Credentials> of_driver_;
  const security::Secret token_;
  const std::string application_ = security::NewApplicationId();
};

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_CONTEXT_APPLICATION_CREDENTIALS_H_
