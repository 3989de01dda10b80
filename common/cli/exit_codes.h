#ifndef MILLSTREAM_COMMON_CLI_EXIT_CODES_H_
#define MILLSTREAM_COMMON_CLI_EXIT_CODES_H_

namespace millstream::cli {

enum ExitCode : int {
  kExitDone = 0,         // ended by itself, or stopped gracefully
  kExitFailed = 1,       // the application failed
  kExitUsage = 2,        // usage, configuration or graph
  kExitNotGranted = 3,   // resources were not granted in time
  kExitNoMaster = 4,     // no master could be reached
  kExitTooFewCores = 5,  // the receivers leave no core for tasks
  kExitCheckpoint = 6,   // the checkpoint is incompatible, damaged or fenced
  kExitNotFound = 7,
  kExitCredentials = 8,
  kExitInterrupted = 130,  // a second SIGINT
  kExitTerminated = 143,   // a second SIGTERM
};

}  // namespace millstream::cli

#endif  // MILLSTREAM_COMMON_CLI_EXIT_CODES_H_
