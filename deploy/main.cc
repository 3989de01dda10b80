// The millstream command: one subcommand per line of the table.
#include <algorithm>
#include <array>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "common/cli/edit_distance.h"
#include "common/cli/errors.h"
#include "common/cli/exit_codes.h"
#include "deploy/secret/secret_command.h"

namespace millstream::deploy {
namespace {

struct Subcommand {
  std::string_view name;
  std::string_view help;
  int (*run)(std::span<const char* const> arguments);
};

constexpr std::array kSubcommands{
    Subcommand{"secret", "make the secret file that a cluster's processes know each other by", RunSecret},
};

std::string Help() {
  std::string text = "Usage: millstream SUBCOMMAND [ARGUMENTS]\n\nSubcommands, each with its own --help:\n";
  for (const Subcommand& subcommand : kSubcommands) {
    std::string line = "  " + std::string(subcommand.name);
    line.resize(std::max<size_t>(line.size() + 2, 12), ' ');
    text.append(line).append(subcommand.help).append("\n");
  }
  return text;
}

int Refuse(std::string_view thing, std::string_view cause, std::string_view fix) {
  std::fprintf(stderr, "%s\n", cli::ErrorLine(thing, cause, fix).c_str());
  return cli::kExitUsage;
}

int Run(std::span<const char* const> arguments) {
  if (arguments.empty()) return Refuse("millstream", "a subcommand is missing", "See millstream --help");
  const std::string_view name = arguments[0];
  if (name == "--help" || name == "-h") {
    std::fputs(Help().c_str(), stdout);
    return cli::kExitDone;
  }
  const auto found = std::ranges::find(kSubcommands, name, &Subcommand::name);
  if (found != kSubcommands.end()) return found->run(arguments.subspan(1));
  std::array<std::string_view, kSubcommands.size()> names;
  std::ranges::transform(kSubcommands, names.begin(), &Subcommand::name);
  return Refuse(name, "there is no such subcommand",
                "The nearest is " + std::string(cli::Nearest(name, names)));
}

}  // namespace
}  // namespace millstream::deploy

int main(int argc, char** argv) {
  return millstream::deploy::Run({argv + 1, static_cast<size_t>(argc > 0 ? argc - 1 : 0)});
}
