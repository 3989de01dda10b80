#ifndef MILLSTREAM_COMMON_BASE_LOGGING_H_
#define MILLSTREAM_COMMON_BASE_LOGGING_H_

#include <string>

namespace millstream::base {

// Sends the log to stderr, and to no file. Leaves a log alone that the program has set up itself. Idempotent,
// thread-safe.
void InitLogging();

// One line of the engine's log. Thread-safe.
void LogInfo(const std::string& text);
void LogWarning(const std::string& text);
void LogError(const std::string& text);

}  // namespace millstream::base

#endif  // MILLSTREAM_COMMON_BASE_LOGGING_H_
