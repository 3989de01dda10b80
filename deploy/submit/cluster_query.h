#ifndef MILLSTREAM_DEPLOY_SUBMIT_CLUSTER_QUERY_H_
#define MILLSTREAM_DEPLOY_SUBMIT_CLUSTER_QUERY_H_

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/cluster.pb.h"

namespace millstream::deploy {

// The addresses of "millstream://HOST:PORT[,HOST:PORT]"; a usage error for another master, Unauthenticated
// for one that is not on loopback. `name` is what the user called it.
absl::StatusOr<std::vector<std::string>> MastersOf(const std::string& url, const std::string& name);

// What a master answers. Aborted: none did within `patience`; Unauthenticated: it is another user's.
absl::StatusOr<proto::FromMaster> Ask(const std::vector<std::string>& masters,
                                      const proto::ToMaster& question, std::chrono::milliseconds patience);

// The cluster as `millstream list` prints it: workers, then applications, newest last.
std::string ListText(const proto::ClusterList& list);
// One application, as `millstream submit --status` prints it; NotFound.
absl::StatusOr<std::string> StatusText(const proto::ClusterList& list, const std::string& id);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_SUBMIT_CLUSTER_QUERY_H_
