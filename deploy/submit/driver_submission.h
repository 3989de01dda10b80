#ifndef MILLSTREAM_DEPLOY_SUBMIT_DRIVER_SUBMISSION_H_
#define MILLSTREAM_DEPLOY_SUBMIT_DRIVER_SUBMISSION_H_

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/program/program_files.h"
#include "deploy/submit/cluster_query.h"
#include "proto/cluster.pb.h"

namespace millstream::deploy {

// A driver that is to run on one of a master's workers.
struct DriverSubmission {
  MasterAccess access;
  std::chrono::milliseconds patience{};  // for a worker that has room for it
  program::ProgramFiles program;
  proto::DriverRequest request;
};

// Of `command_line`, the application and all that it is given here. Its configuration, but for what its code
// sets, is resolved here, and it gets the files that are named there, a properties file included. A usage
// error names what is wrong.
absl::StatusOr<DriverSubmission> PlanDriver(const std::vector<std::string>& command_line, bool supervise);

// Gives it to the master; its id. Aborted: none answers.
absl::StatusOr<std::string> Submit(const DriverSubmission& submission);

// Waits until the driver has ended, and returns its exit code (128 and the signal that killed it; 1 if nobody
// knows); says on standard error what becomes of it. DeadlineExceeded: no worker had room in time, and it is
// withdrawn. Aborted: the master is gone for long. Unauthenticated: it is another's now. The driver goes on
// in the last two cases.
absl::StatusOr<int> AwaitDriver(const DriverSubmission& submission, const std::string& id);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_SUBMIT_DRIVER_SUBMISSION_H_
