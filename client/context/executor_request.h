#ifndef MILLSTREAM_CLIENT_CONTEXT_EXECUTOR_REQUEST_H_
#define MILLSTREAM_CLIENT_CONTEXT_EXECUTOR_REQUEST_H_

#include <cstddef>
#include <map>
#include <string>

#include "common/base/ids.h"
#include "common/cli/resolved_config.h"
#include "common/security/credentials.h"
#include "proto/cluster.pb.h"

namespace millstream::client {

// What an application of this configuration asks a master for.
proto::ExecutorRequest ExecutorRequestOf(const cli::ResolvedConfig& config, size_t executor_memory_bytes);

// Who asks.
proto::ApplicationHello HelloOf(const cli::ResolvedConfig& config, const proto::ExecutorRequest& request);

// What an executor of this process's application is told, but for its cores and where its driver listens.
proto::Bootstrap BootstrapOf(const cli::ResolvedConfig& config, ExecutorId executor,
                             const security::Credentials& credentials, size_t memory_bytes);

// An executor of this process's application, as a worker is to start it. `program` has its files, which it
// finds in its working directory.
proto::LaunchExecutor LaunchOf(const cli::ResolvedConfig& config, proto::Bootstrap bootstrap,
                               const proto::ProgramFiles& program);

// Environment variables of executors that the configuration names.
std::map<std::string, std::string> ExecutorEnvironment(const cli::ResolvedConfig& config);

// Names what `config` says of a cluster and its master, which is none, does not heed, by submit's flags and
// by keys: a text for the log. Empty: nothing.
std::string IgnoredText(const cli::ResolvedConfig& config);

// The most cores that can be granted; 0: no bound.
int MostCores(const proto::ExecutorRequest& request);

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_CONTEXT_EXECUTOR_REQUEST_H_
