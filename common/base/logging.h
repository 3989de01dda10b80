#ifndef MILLSTREAM_COMMON_BASE_LOGGING_H_
#define MILLSTREAM_COMMON_BASE_LOGGING_H_

#include <string>

#include "absl/status/status.h"

namespace millstream::base {

// Sends the log to stderr, and to no file. The engine's
// lines are severity, date, time, thread and text. Leaves a log alone that the program has set up itself.
// Idempotent, thread-safe.
void InitLogging();

// From now on the engine's lines go to DIRECTORY/NAME.log instead, which rotates (RotatingFile); the
// directory is made if need be. Again with the same file: nothing happens. InvalidArgument, with the fix: it
// cannot be written, another process writes it, or the log is in another one already. Thread-safe.
absl::Status LogToDirectory(const std::string& directory, const std::string& name);

// The least severe first.
enum class LogLevel { kDebug, kInfo, kWarning, kError };

// What is less severe is not logged from now on; at first that is what is less than kInfo. Of the engine's
// lines alone: a program's own stay as they are. Thread-safe.
void SetLogLevel(LogLevel least);

// From now on SIGUSR1 makes the log tell more by a level, and SIGUSR2 less; a line on stderr tells the new
// one. A signal that the program handles or ignores is left to it.
void ChangeLogLevelOnSignals();

// One line of the engine's log. Thread-safe.
void LogDebug(const std::string& text);
void LogInfo(const std::string& text);
void LogWarning(const std::string& text);
void LogError(const std::string& text);

}  // namespace millstream::base

#endif  // MILLSTREAM_COMMON_BASE_LOGGING_H_
