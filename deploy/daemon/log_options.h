#ifndef MILLSTREAM_DEPLOY_DAEMON_LOG_OPTIONS_H_
#define MILLSTREAM_DEPLOY_DAEMON_LOG_OPTIONS_H_

#include <string>

#include "deploy/submit/options.h"

namespace millstream::deploy {

// What a daemon logs, and where to: flags that take effect as they are read.
Option LogLevelOption();
// The file is NAME.log.
Option LogDirOption(std::string name);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_DAEMON_LOG_OPTIONS_H_
