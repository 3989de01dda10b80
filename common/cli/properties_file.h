#ifndef MILLSTREAM_COMMON_CLI_PROPERTIES_FILE_H_
#define MILLSTREAM_COMMON_CLI_PROPERTIES_FILE_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace millstream::cli {

// The configuration keys of a properties file: one "key value" or "key=value" a line; # starts a comment
// line. `file` is its name in errors. An unknown key, one given twice or a value that does not fit is a usage
// error that names the line.
absl::StatusOr<std::map<std::string, std::string>> ParseProperties(std::string_view text,
                                                                   const std::string& file);

// The same of the file `path`, of at most 1 MiB.
absl::StatusOr<std::map<std::string, std::string>> ReadPropertiesFile(const std::string& path);

}  // namespace millstream::cli

#endif  // MILLSTREAM_COMMON_CLI_PROPERTIES_FILE_H_
