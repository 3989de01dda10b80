#ifndef MILLSTREAM_COMMON_BASE_LOGGING_H_
#define MILLSTREAM_COMMON_BASE_LOGGING_H_

#include <string>

namespace millstream::base {

// Sends the log to stderr, and to no file. Leaves a log alone that the program has set up itself. Idempotent,
// thread-safe.
void InitLogging();

// The least severe first.
enum class LogLevel { kDebug, kInfo, kWarning, kError };

// What is less severe is not logged from now on; at first that is what is less than kInfo. Of the engine's
// lines alone: a program's own stay as they are. Thread-safe.
void SetLogLevel(LogLevel least);

// One line of the engine's log. Thread-safe.
void LogDebug(const std::string& text);
void LogInfo(const std::string& text);
void LogWarning(const std::string& text);
void LogError(const std::string& text);

}  // namespace millstream::base

#endif  // MILLSTREAM_COMMON_BASE_LOGGING_H_
