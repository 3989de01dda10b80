#ifndef MILLSTREAM_CLIENT_CONTEXT_EXECUTOR_REQUEST_H_
#define MILLSTREAM_CLIENT_CONTEXT_EXECUTOR_REQUEST_H_

#include <cstddef>

#include "common/cli/resolved_config.h"
#include "proto/cluster.pb.h"

namespace millstream::client {

// What an application of this configuration asks a master for.
proto::ExecutorRequest ExecutorRequestOf(const cli::ResolvedConfig& config, size_t executor_memory_bytes);

// The most cores that can be granted; 0: no bound.
int MostCores(const proto::ExecutorRequest& request);

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_CONTEXT_EXECUTOR_REQUEST_H_
