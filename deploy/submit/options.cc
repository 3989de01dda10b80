#include "deploy/submit/options.h"

#include <algorithm>
#include <utility>

#include "common/cli/errors.h"
#include "common/cli/unknown_flag.h"

namespace millstream::deploy {
namespace {

constexpr std::string_view kHelp = "--help";
constexpr std::string_view kShortHelp = "-h";

absl::Status NoSuchFlag(std::string_view name, std::span<const Option> options, std::string_view hint) {
  std::vector<std::string_view> names{kHelp};
  for (const Option& option : options) names.push_back(option.name);
  return cli::UnknownFlag(name, names, hint);
}

std::string HelpLine(const Option& option) {
  std::string line = "  " + std::string(option.name);
  if (!option.short_name.empty()) line.append(", ").append(option.short_name);
  if (!option.value.empty()) line.append(" ").append(option.value);
  line.resize(std::max<size_t>(line.size() + 2, 32), ' ');
  return line.append(option.help).append("\n");
}

}  // namespace

std::function<absl::Status(std::string_view)> SetText(std::string& to, std::string_view name) {
  return [&to, name](std::string_view value) {
    if (value.empty()) return cli::UsageError(name, "its value is empty", "Write one");
    to = value;
    return absl::OkStatus();
  };
}

absl::StatusOr<std::vector<std::string>> ParseOptions(std::span<const std::string> arguments,
                                                      std::span<const Option> options, bool& help,
                                                      std::string_view hint) {
  size_t next = 0;
  while (next < arguments.size()) {
    const std::string_view argument = arguments[next];
    if (!argument.starts_with('-') || argument == "-") break;
    ++next;
    if (argument == "--") break;
    const size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    if (name == kHelp || name == kShortHelp) {
      help = true;
      continue;
    }
    const auto option = std::ranges::find_if(
        options, [name](const Option& known) { return name == known.name || name == known.short_name; });
    if (option == options.end()) return NoSuchFlag(name, options, hint);
    const bool joined = equals != std::string_view::npos;
    std::string_view value;
    if (option->value.empty()) {
      if (joined) return cli::UsageError(name, "it takes no value", "Write it alone");
    } else if (joined) {
      value = argument.substr(equals + 1);
    } else if (next < arguments.size()) {
      value = arguments[next++];
    } else {
      return cli::UsageError(name, "its value is missing",
                             "Write " + std::string(name) + " " + std::string(option->value));
    }
    if (absl::Status set = option->set(value); !set.ok()) return set;
  }
  return std::vector<std::string>(arguments.begin() + static_cast<ptrdiff_t>(next), arguments.end());
}

absl::StatusOr<std::vector<std::string>> ParseAllOptions(std::span<const std::string> arguments,
                                                         std::span<const Option> options, bool& help) {
  std::vector<std::string> others;
  std::vector<std::string> left(arguments.begin(), arguments.end());
  while (true) {
    absl::StatusOr<std::vector<std::string>> rest = ParseOptions(left, options, help);
    if (!rest.ok()) return rest.status();
    if (rest->empty()) return others;
    others.push_back(std::move(rest->front()));
    left.assign(rest->begin() + 1, rest->end());
  }
}

std::string OptionsHelp(std::span<const Option> options) {
  std::string text;
  for (const Option& option : options) text += HelpLine(option);
  return text + HelpLine({kHelp, "", "this text", {}, kShortHelp});
}

}  // namespace millstream::deploy
