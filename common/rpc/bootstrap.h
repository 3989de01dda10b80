#ifndef MILLSTREAM_COMMON_RPC_BOOTSTRAP_H_
#define MILLSTREAM_COMMON_RPC_BOOTSTRAP_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "proto/bootstrap.pb.h"

namespace millstream::rpc {

// The environment variable that names the descriptor a process was given its bootstrap on.
inline constexpr const char* kBootstrapVariable = "MILLSTREAM_BOOTSTRAP_FD";

// To be called first thing in main(), before another thread starts. nullopt: nobody started this process as
// an executor, nor a worker as a driver. Otherwise the process now dies with its parent, and the variable is
// gone from the environment. An error: it was started so, but what it was given is unusable or its parent is
// already gone; it must not go on.
absl::StatusOr<std::optional<proto::Bootstrap>> ReadBootstrap();

// Where base::InstallCrashHandler() may leave its record: the parent's report of this process's end names the
// operation. -1: nowhere.
int CrashReportFd();

// "executor 3 of app-20260101120000-0007", of one that its driver started "executor 3".
std::string ExecutorName(const proto::Bootstrap& bootstrap);

// What the parent writes to the child's socket.
std::string BootstrapBytes(std::string_view encoded);

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_BOOTSTRAP_H_
