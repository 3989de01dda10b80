#ifndef MILLSTREAM_DEPLOY_SUBMIT_MASTER_OPTIONS_H_
#define MILLSTREAM_DEPLOY_SUBMIT_MASTER_OPTIONS_H_

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "deploy/submit/cluster_query.h"
#include "deploy/submit/options.h"

namespace millstream::deploy {

// Configuration values by key.
using Values = std::map<std::string, std::string>;

// --master, --secret-file and --wait-timeout of a command that asks a master, into `values`, which outlives
// them.
std::vector<Option> MasterOptions(Values& values);

// --wait-timeout of a daemon, into `wait`, which outlives it.
Option WaitTimeoutOption(std::chrono::milliseconds& wait, std::string_view help);

// `values`, and what the environment and the properties file that it names add to them.
absl::StatusOr<Values> WithEnvironment(const Values& values);

// A master to ask, and how long to wait for its answer.
struct MasterQuery {
  MasterAccess access;
  std::chrono::milliseconds patience{};
};
// Of the values of a command that starts no application: the patience is 10 s unless they say another one. A
// usage error if they name no cluster's master; other errors are AccessTo()'s.
absl::StatusOr<MasterQuery> MasterQueryOf(const Values& values);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_SUBMIT_MASTER_OPTIONS_H_
