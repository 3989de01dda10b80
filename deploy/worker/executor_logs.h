#ifndef MILLSTREAM_DEPLOY_WORKER_EXECUTOR_LOGS_H_
#define MILLSTREAM_DEPLOY_WORKER_EXECUTOR_LOGS_H_

#include <string>

#include "proto/cluster.pb.h"

namespace millstream::deploy {

// What processes wrote into DIRECTORY/APPLICATION/EXECUTOR, at most 256 KiB of each. Links are not followed.
proto::LogAnswer ReadLogs(const std::string& directory, const proto::LogQuery& query);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_WORKER_EXECUTOR_LOGS_H_
