#ifndef MILLSTREAM_CLIENT_CONTEXT_LISTENING_H_
#define MILLSTREAM_CLIENT_CONTEXT_LISTENING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/cli/resolved_config.h"
#include "common/rpc/listen_address.h"
#include "proto/bootstrap.pb.h"

namespace millstream::client {

// Where the two servers of a driver listen.
struct DriverListening {
  rpc::ListenOptions control;
  rpc::ListenOptions blocks;
};

// Of a driver whose executors are on this machine if `masters`, "host:port" each, is empty, else where those
// masters' workers are: then it listens on the address that leads there, unless it is told another one.
// Aborted if none does.
absl::StatusOr<DriverListening> DriverListeningOf(const cli::ResolvedConfig& config,
                                                  const std::vector<std::string>& masters);

// Of an executor: on the host that whoever started it says, on the application's ports.
rpc::ListenOptions ExecutorListeningOf(const cli::ResolvedConfig& config, const proto::Bootstrap& bootstrap);

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_CONTEXT_LISTENING_H_
