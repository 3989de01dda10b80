#include "common/cli/engine_flags.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "common/cli/configuration_keys.h"
#include "common/cli/errors.h"
#include "common/cli/unknown_flag.h"

namespace millstream::cli {
namespace {

struct Flag {
  std::string_view name;
  std::string_view value;  // as help names it; empty: it has none
  std::string_view key;    // the configuration key it sets, if it is that simple
  std::string_view help;
  std::string_view short_name = {};  // empty: it has none
};

constexpr std::string_view kConf = "--conf";
constexpr std::string_view kPropertiesFile = "--properties-file";
constexpr std::string_view kHelp = "--help";

constexpr std::array<Flag, 9> kFlags{{
    {"--master", "MASTER", keys::kMaster,
     "local[N], local[*], local[N,FAILURES], local-cluster[EXECUTORS,CORES,MIB] or millstream://HOST:PORT; "
     "default local[*]"},
    {"--name", "NAME", keys::kAppName, "the application's name; default the executable's"},
    {"--batch-interval", "DURATION", keys::kBatchInterval,
     "the time from one batch to the next, as in 200ms or 1s"},
    {"--secret-file", "FILE", keys::kSecretFile,
     "the cluster's secret, as millstream secret FILE makes it: every connection is mutual TLS"},
    {"--log-level", "LEVEL", keys::kLogLevel,
     "debug, info, warning or error; SIGUSR1 logs more, SIGUSR2 less"},
    {"--log-dir", "DIR", keys::kLogDir, "logs to DIR/PROGRAM.log, which rotates, instead of standard error"},
    {kConf, "KEY=VALUE", "",
     "a configuration key, as in millstream.streaming.blockInterval=50ms; may be repeated", "-c"},
    {kPropertiesFile, "FILE", "",
     "configuration keys, one a line: KEY VALUE or KEY=VALUE; # starts a comment"},
    {kHelp, "", "", "this text", "-h"},
}};

absl::StatusOr<const Flag*> FindFlag(std::string_view name) {
  const auto flag = std::ranges::find_if(
      kFlags, [name](const Flag& known) { return name == known.name || name == known.short_name; });
  if (flag != kFlags.end()) return &*flag;
  std::array<std::string_view, kFlags.size()> names;
  std::ranges::transform(kFlags, names.begin(), &Flag::name);
  return UnknownFlag(name, names,
                     "; flags of millstream submit come before the program, and the program's own after its "
                     "first argument or after --");
}

absl::Status Set(const Flag& flag, std::string_view value, EngineFlags& flags) {
  std::string_view key_name = flag.key;
  std::string_view thing = flag.name;
  if (flag.name == kPropertiesFile) {
    if (value.empty()) return UsageError(flag.name, "the file's name is empty", "Write one");
    flags.properties_file = value;
    return absl::OkStatus();
  }
  if (flag.name == kConf) {
    const size_t equals = value.find('=');
    if (equals == std::string_view::npos) {
      return UsageError(kConf, '"' + std::string(value) + "\" has no =", "Write --conf KEY=VALUE");
    }
    key_name = thing = value.substr(0, equals);
    value.remove_prefix(equals + 1);
  }
  const absl::StatusOr<const ConfigurationKey*> key = FindConfigurationKey(key_name);
  if (!key.ok()) return key.status();
  if (absl::Status checked = CheckValue(**key, thing, value); !checked.ok()) return checked;
  flags.configuration[std::string(key_name)] = value;
  return absl::OkStatus();
}

// What a number without a unit counts; empty: it has none, or needs one.
std::string_view BareUnit(const ConfigurationKey& key) {
  if (key.bare == 0) return "";
  if (key.type == ConfigurationKey::Type::kDuration) return key.bare == 1 ? "ms" : "s";
  return key.bare == 1 ? "bytes" : "MiB";
}

}  // namespace

absl::StatusOr<EngineFlags> ParseEngineFlags(std::span<const char* const> arguments) {
  EngineFlags flags;
  size_t next = 0;
  while (next < arguments.size()) {
    const std::string_view argument = arguments[next];
    if (!argument.starts_with('-') || argument == "-") break;
    ++next;
    if (argument == "--") break;
    const size_t equals = argument.find('=');
    const absl::StatusOr<const Flag*> flag = FindFlag(argument.substr(0, equals));
    if (!flag.ok()) return flag.status();
    const bool joined = equals != std::string_view::npos;
    if ((*flag)->value.empty()) {
      if (joined) return UsageError((*flag)->name, "it takes no value", "Write it alone");
      flags.help = true;
      continue;
    }
    if (!joined && next == arguments.size()) {
      return UsageError((*flag)->name, "its value is missing",
                        "Write " + std::string((*flag)->name) + " " + std::string((*flag)->value));
    }
    const std::string_view value = joined ? argument.substr(equals + 1) : std::string_view(arguments[next++]);
    if (absl::Status set = Set(**flag, value, flags); !set.ok()) return set;
  }
  flags.arguments.assign(arguments.begin() + static_cast<ptrdiff_t>(next), arguments.end());
  return flags;
}

std::string EngineFlagsHelp(const std::string& program) {
  std::string text =
      "Usage: " + program + " [FLAGS] [--] [ARGUMENTS OF THE PROGRAM]\n\nFlags of the engine:\n";
  for (const Flag& flag : kFlags) {
    std::string line = "  " + std::string(flag.name);
    if (!flag.short_name.empty()) line.append(", ").append(flag.short_name);
    if (!flag.value.empty()) line.append(" ").append(flag.value);
    line.resize(std::max<size_t>(line.size() + 2, 30), ' ');
    text.append(line).append(flag.help).append("\n");
  }
  text += "\nConfiguration keys (--conf and properties files):\n";
  for (const ConfigurationKey& key : ConfigurationKeys()) {
    text.append("  ").append(key.name);
    if (!key.default_value.empty()) text.append(" (").append(key.default_value).append(")");
    text.append("\n      ").append(key.help);
    if (const std::string_view unit = BareUnit(key); !unit.empty())
      text.append("; a number alone is ").append(unit);
    text.append("\n");
  }
  text +=
      "\nThe command line wins over the environment (MILLSTREAM_MASTER, MILLSTREAM_PROPERTIES_FILE), that "
      "over what the\n"
      "program sets, and that over the properties file.\n";
  return text;
}

}  // namespace millstream::cli
