#ifndef MILLSTREAM_DEPLOY_SUBMIT_OPTIONS_H_
#define MILLSTREAM_DEPLOY_SUBMIT_OPTIONS_H_

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millstream::deploy {

// A flag of a command.
struct Option {
  std::string_view name;   // "--port"
  std::string_view value;  // as help names it; empty: it has none
  std::string_view help;
  std::function<absl::Status(std::string_view value)> set;
  std::string_view short_name = {};  // "-p"; empty: it has none
};

// What sets `to`, which outlives it, to a value that may not be empty; `name` is the flag's.
std::function<absl::Status(std::string_view)> SetText(std::string& to, std::string_view name);

// Hands each flag of `arguments` to its option, up to the first argument that is no flag, or to "--", which
// is taken away; returns the rest. `help` becomes true if --help or -h is among them. A usage error names the
// flag, and of an unknown one what cli::UnknownFlag() does, followed by `hint`.
absl::StatusOr<std::vector<std::string>> ParseOptions(std::span<const std::string> arguments,
                                                      std::span<const Option> options, bool& help,
                                                      std::string_view hint = "");
// The same with flags between and after the other arguments too.
absl::StatusOr<std::vector<std::string>> ParseAllOptions(std::span<const std::string> arguments,
                                                         std::span<const Option> options, bool& help);

// Every flag, one a line.
std::string OptionsHelp(std::span<const Option> options);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_SUBMIT_OPTIONS_H_
