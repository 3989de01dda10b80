#ifndef MILLSTREAM_COMMON_CLI_ENGINE_FLAGS_H_
#define MILLSTREAM_COMMON_CLI_ENGINE_FLAGS_H_

#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace millstream::cli {

// What a program was told before its first positional argument.
struct EngineFlags {
  std::map<std::string, std::string> configuration;  // by key; of a flag given twice, the last one
  std::string properties_file;                       // empty: none was named
  bool help = false;
  std::vector<std::string> arguments;  // what is left for the program
};

// Reads `arguments` (without the program's name) up to the first that is no flag, or to "--", which is taken
// away. A usage error names the flag, and of an unknown one what UnknownFlag() does.
absl::StatusOr<EngineFlags> ParseEngineFlags(std::span<const char* const> arguments);

// What --help prints, with a newline at its end.
std::string EngineFlagsHelp(const std::string& program);

}  // namespace millstream::cli

#endif  // MILLSTREAM_COMMON_CLI_ENGINE_FLAGS_H_
