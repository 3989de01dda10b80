// What a driver in cluster mode is told and given.
#include <filesystem>
#include <map>
#include <string_view>
#include <utility>

#include "common/base/user_name.h"
#include "common/cli/configuration_keys.h"
#include "common/cli/engine_flags.h"
#include "common/cli/errors.h"
#include "common/cli/resolved_config.h"
#include "common/program/output_limits.h"
#include "deploy/submit/driver_submission.h"

namespace millstream::deploy {
namespace {

// As the program takes them.
std::vector<std::string> CommandLine(const std::string& application, const cli::EngineFlags& flags) {
  std::vector<std::string> command_line{application};
  if (!flags.properties_file.empty()) {
    command_line.insert(command_line.end(), {"--properties-file", flags.properties_file});
  }
  for (const auto& [key, value] : flags.configuration) {
    command_line.insert(command_line.end(), {"--conf", key + "=" + value});
  }
  if (flags.help) command_line.push_back("--help");
  command_line.push_back("--");
  command_line.insert(command_line.end(), flags.arguments.begin(), flags.arguments.end());
  return command_line;
}

}  // namespace

absl::StatusOr<DriverSubmission> PlanDriver(const std::vector<std::string>& command_line, bool supervise) {
  const std::vector<const char*> arguments = [&command_line] {
    std::vector<const char*> all;
    for (size_t i = 1; i < command_line.size(); ++i) all.push_back(command_line[i].c_str());
    return all;
  }();
  absl::StatusOr<cli::EngineFlags> flags = cli::ParseEngineFlags(arguments);
  if (!flags.ok()) return flags.status();
  // The worker's environment says nothing about this one.
  const cli::Environment environment = cli::ReadEnvironment();
  const std::string master(cli::keys::kMaster);
  if (!environment.master.empty()) flags->configuration.emplace(master, environment.master);
  if (flags->properties_file.empty()) flags->properties_file = environment.properties_file;
  std::vector<std::string> notices;
  const auto config = cli::ResolvedConfig::Resolve(*flags, {}, {}, &notices);
  if (!config.ok()) return config.status();

  const std::string secret_file(cli::keys::kSecretFile);
  absl::StatusOr<MasterAccess> access = AccessTo(config->Get(master), config->Get(secret_file));
  if (!access.ok()) return access.status();
  DriverSubmission submission{.access = *std::move(access), .patience = {}, .program = {}, .request = {}};
  // The cluster's secret stays here; its worker gives the driver credentials of its own.
  flags->configuration.erase(secret_file);
  submission.patience = *config->GetDuration(cli::keys::kWaitTimeout);

  absl::StatusOr<std::map<std::string, std::string>> files =
      program::NamedFiles(config->Get(cli::keys::kFiles));
  if (!files.ok()) return files.status();
  // It finds them in its working directory.
  std::string names;
  for (const auto& [name, path] : *files) names += (names.empty() ? "" : ",") + name;
  if (!names.empty()) flags->configuration[std::string(cli::keys::kFiles)] = names;
  if (!flags->properties_file.empty()) {
    const std::filesystem::path path = std::filesystem::absolute(flags->properties_file).lexically_normal();
    flags->properties_file = path.filename();
    if (!files->emplace(path.filename(), path).second) {
      return cli::UsageError(flags->properties_file, "the properties file has the name of another file",
                             "Rename one");
    }
  }
  const std::string& application = command_line.front();
  absl::StatusOr<program::ProgramFiles> program = program::OpenProgramFiles(application, *files);
  if (!program.ok()) return program.status();
  submission.program = *std::move(program);

  proto::DriverRequest& request = submission.request;
  request.set_name(config->Get(cli::keys::kAppName));
  if (request.name().empty()) request.set_name(std::filesystem::path(application).filename());
  request.set_user(base::UserName());
  request.set_cores(static_cast<uint32_t>(*config->GetInteger(cli::keys::kDriverCores)));
  request.set_memory_bytes(static_cast<uint64_t>(*config->GetBytes(cli::keys::kDriverMemory)));
  request.set_supervise(supervise);
  *request.mutable_program() = submission.program.descriptions;
  for (std::string& argument : CommandLine(application, *flags))
    request.add_command_line(std::move(argument));
  *request.mutable_output() = program::OutputLimitsOf(*config);
  return submission;
}

}  // namespace millstream::deploy
