#ifndef MILLSTREAM_COMMON_CLI_VALUES_H_
#define MILLSTREAM_COMMON_CLI_VALUES_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/logging.h"

namespace millstream::cli {

// How values are written. Each returns nullopt for what is not written like that or does not fit.

// "25ms", "5s", "10m" or "10min", "3h", "5d"; a number alone counts `bare`, and is refused if that is zero.
std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text, std::chrono::milliseconds bare);

// Bytes: "64k", "64m", "1g", "1t", with or without a b at the end, in any case; "100b". Units are 1024-based.
// A number alone counts `bare`.
std::optional<int64_t> ParseSize(std::string_view text, int64_t bare);

// Decimal digits with an optional minus.
std::optional<int64_t> ParseInteger(std::string_view text);

// "true" or "false", in any case.
std::optional<bool> ParseBoolean(std::string_view text);

// "debug", "info", "warning" or "error".
std::optional<base::LogLevel> ParseLogLevel(std::string_view text);

// The shortest way to write a duration or size exactly: "200ms", "10s", "1g".
std::string FormatDuration(std::chrono::milliseconds duration);
std::string FormatSize(int64_t bytes);

// "1 core", "2 cores".
std::string Counted(uint64_t count, std::string_view thing);

// Without blanks, tabs and line ends around it.
std::string_view Trim(std::string_view text);

}  // namespace millstream::cli

#endif  // MILLSTREAM_COMMON_CLI_VALUES_H_
