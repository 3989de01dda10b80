#ifndef MILLSTREAM_DEPLOY_SUBMIT_CLUSTER_QUERY_H_
#define MILLSTREAM_DEPLOY_SUBMIT_CLUSTER_QUERY_H_

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/security/credentials.h"
#include "proto/cluster.pb.h"

namespace millstream::deploy {

// The addresses of "millstream://HOST:PORT[,HOST:PORT]"; a usage error for another master, Unauthenticated
// for one that is beyond loopback unless the connection is to be `secured`. `name` is what the user called
// it.
absl::StatusOr<std::vector<std::string>> MastersOf(const std::string& url, const std::string& name,
                                                   bool secured);

// The usage error of a command that is told no master.
absl::Status NoMasterError();

// Masters to ask, and who asks.
struct MasterAccess {
  std::vector<std::string> masters;
  security::Credentials own;
};
// Of the master at `url`, by the secret file `secret_file`, unless that is empty. Errors are MastersOf()'s,
// and Unauthenticated if the file cannot be used.
absl::StatusOr<MasterAccess> AccessTo(const std::string& url, const std::string& secret_file);

// What a master answers. Aborted: none did within `patience`; Unauthenticated: it is another user's or
// another secret's.
absl::StatusOr<proto::FromMaster> Ask(const MasterAccess& access, const proto::ToMaster& question,
                                      std::chrono::milliseconds patience);

// The cluster as `millstream list` prints it: workers, drivers if there are any, applications, newest last.
std::string ListText(const proto::ClusterList& list);
// One application or driver, as `millstream submit --status` prints it; NotFound.
absl::StatusOr<std::string> StatusText(const proto::ClusterList& list, const std::string& id);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_SUBMIT_CLUSTER_QUERY_H_
