#ifndef MILLSTREAM_DEPLOY_WORKER_CERTIFY_H_
#define MILLSTREAM_DEPLOY_WORKER_CERTIFY_H_

#include <string>

#include "absl/status/status.h"
#include "deploy/worker/launch.h"

namespace millstream::deploy {

// With TLS, gives a launch the credentials that nobody has given it yet: a driver's in cluster mode, which
// never sees the cluster's key, and those of its executors. `secret_file` is the cluster's secret; empty:
// there is no TLS. Unauthenticated: it cannot be used any more; PermissionDenied: the launch may not have
// any.
absl::Status Certify(const std::string& secret_file, Launch& launch);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_WORKER_CERTIFY_H_
