#ifndef MILLSTREAM_COMMON_CLI_ERRORS_H_
#define MILLSTREAM_COMMON_CLI_ERRORS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace millstream::cli {

// With spaces in place of line breaks and other control characters.
std::string OnOneLine(std::string_view text);

// "THING: CAUSE. FIX", as messages of errors that a user sees are worded. `fix` may be empty.
std::string ErrorText(std::string_view thing, std::string_view cause, std::string_view fix);

// The one line a failure is on standard error: "millstream: error: THING: CAUSE. FIX", without the newline.
// Line breaks and other control characters in what users named become spaces.
std::string ErrorLine(std::string_view thing, std::string_view cause, std::string_view fix);
// The same of a status whose message is an ErrorText (or any text).
std::string ErrorLine(const absl::Status& status);

// A mistake in what the user wrote (exit code 2): InvalidArgument with the ErrorText.
absl::Status UsageError(std::string_view thing, std::string_view cause, std::string_view fix);

}  // namespace millstream::cli

#endif  // MILLSTREAM_COMMON_CLI_ERRORS_H_
