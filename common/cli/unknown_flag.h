#ifndef MILLSTREAM_COMMON_CLI_UNKNOWN_FLAG_H_
#define MILLSTREAM_COMMON_CLI_UNKNOWN_FLAG_H_

#include <span>
#include <string_view>

#include "absl/status/status.h"

namespace millstream::cli {

// The usage error of a flag that is none of `known`. Of one of spark-submit's that has no place here it says
// why, and what to do instead; else it names the nearest of `known`. `hint` follows that.
absl::Status UnknownFlag(std::string_view name, std::span<const std::string_view> known,
                         std::string_view hint);

}  // namespace millstream::cli

#endif  // MILLSTREAM_COMMON_CLI_UNKNOWN_FLAG_H_
