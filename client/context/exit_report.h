#ifndef MILLSTREAM_CLIENT_CONTEXT_EXIT_REPORT_H_
#define MILLSTREAM_CLIENT_CONTEXT_EXIT_REPORT_H_

#include <string>
#include <vector>

#include "common/security/credentials.h"

namespace millstream::client {

// An application ended, and its master was told that this process will exit with `told`. If it exits with
// another code, which main() may decide long after, the master is told that, in two seconds at most. Of
// several applications the last one counts. `own` are the driver's credentials. Thread-safe.
void ReportOtherExit(const security::Credentials& own, const std::vector<std::string>& masters,
                     const std::string& application, int told);

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_CONTEXT_EXIT_REPORT_H_
