#include "deploy/submit/submit_command.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "common/base/logging.h"
#include "common/cli/configuration_keys.h"
#include "common/cli/errors.h"
#include "common/cli/master_url.h"
#include "common/cli/properties_file.h"
#include "common/cli/resolved_config.h"
#include "deploy/submit/application_file.h"
#include "deploy/submit/cluster_query.h"
#include "deploy/submit/driver_submission.h"
#include "deploy/submit/master_options.h"
#include "deploy/submit/options.h"
#include "deploy/submit/version.h"

namespace millstream::deploy {
namespace {

// What the command line of submit says.
struct Request {
  std::vector<std::string> engine_flags;  // as the program takes them
  Values origins;                         // key -> the flag that gave it
  Values values;
  std::string properties_file;
  std::string status_of;
  std::string kill;
  bool cluster_mode = false;
  std::string mode_origin = "default";
  bool supervise = false;
  bool detach = false;
  bool verbose = false;
  bool version = false;
};

void Set(Request& request, std::string_view key, std::string_view flag, std::string_view value) {
  request.engine_flags.insert(request.engine_flags.end(),
                              {"--conf", std::string(key) + "=" + std::string(value)});
  request.origins[std::string(key)] = flag;
  request.values[std::string(key)] = value;
}

absl::Status SetKey(Request& request, std::string_view key_name, std::string_view flag,
                    std::string_view value) {
  const absl::StatusOr<const cli::ConfigurationKey*> key = cli::FindConfigurationKey(key_name);
  if (!key.ok()) return key.status();
  const std::string_view name = flag == "--conf" ? key_name : flag;
  if (absl::Status checked = cli::CheckValue(**key, name, value); !checked.ok()) return checked;
  Set(request, key_name, flag, value);
  return absl::OkStatus();
}

Option KeyOption(Request& request, std::string_view name, std::string_view value, std::string_view key,
                 std::string_view help) {
  return {name, value, help,
          [&request, name, key](std::string_view given) { return SetKey(request, key, name, given); }};
}

absl::Status SetConf(Request& request, std::string_view given) {
  const size_t equals = given.find('=');
  if (equals == std::string_view::npos) {
    return cli::UsageError("--conf", '"' + std::string(given) + "\" has no =", "Write --conf KEY=VALUE");
  }
  return SetKey(request, given.substr(0, equals), "--conf", given.substr(equals + 1));
}

absl::Status SetDeployMode(Request& request, std::string_view mode) {
  request.cluster_mode = mode == "cluster";
  request.mode_origin = "--deploy-mode";
  if (request.cluster_mode || mode == "client") return absl::OkStatus();
  return cli::UsageError("--deploy-mode", '"' + std::string(mode) + "\" is no deploy mode",
                         "Write client or cluster");
}

Option Switch(std::string_view name, std::string_view help, bool& to, std::string_view short_name = "") {
  const auto set = [&to](std::string_view) {
    to = true;
    return absl::OkStatus();
  };
  return {name, "", help, set, short_name};
}

std::vector<Option> SubmitOptions(Request& request) {
  const auto id = [](std::string& to, std::string_view name) {
    return [&to, name](std::string_view value) {
      if (value.empty() || value.starts_with('-')) {
        return cli::UsageError(name, "the ID is missing", "Write " + std::string(name) + " ID");
      }
      to = value;
      return absl::OkStatus();
    };
  };
  return {
      {"--master", "URL",
       "millstream://HOST:PORT, or any master a program takes; default MILLSTREAM_MASTER, else local[*]",
       // CheckMaster() looks at it when it is known what for.
       [&request](std::string_view url) {
         Set(request, cli::keys::kMaster, "--master", url);
         return absl::OkStatus();
       }},
      {"--deploy-mode", "MODE", "where the driver runs: client (the default) is here, cluster on a worker",
       [&request](std::string_view mode) { return SetDeployMode(request, mode); }},
      KeyOption(request, "--name", "NAME", cli::keys::kAppName, "the application's name; default APP's"),
      KeyOption(request, "--batch-interval", "DURATION", cli::keys::kBatchInterval,
                "the time from one batch to the next, as in 200ms or 1s; default the program's"),
      KeyOption(request, "--num-executors", "N", cli::keys::kExecutorInstances,
                "the most executors; default as many as there are cores for"),
      KeyOption(request, "--executor-cores", "N", cli::keys::kExecutorCores,
                "cores of each; default 1 with --num-executors, else all free ones of a worker"),
      KeyOption(request, "--executor-memory", "SIZE", cli::keys::kExecutorMemory,
                "memory of each, a number alone is MiB; default 1g"),
      KeyOption(request, "--total-executor-cores", "N", cli::keys::kMaxCores,
                "the most cores of all executors together; default all there are"),
      KeyOption(request, "--files", "A,B", cli::keys::kFiles,
                "files for every process, which finds them by ms::GetFile(NAME)"),
      KeyOption(request, "--driver-cores", "N", cli::keys::kDriverCores,
                "in cluster mode, cores set aside for the driver; default 1"),
      KeyOption(request, "--driver-memory", "SIZE", cli::keys::kDriverMemory,
                "in cluster mode, memory set aside for the driver, a number alone is MiB; default 1g"),
      Switch("--supervise", "in cluster mode, starts a driver again when it fails", request.supervise),
      Switch("--detach", "in cluster mode, prints the driver's id and does not wait for it", request.detach),
      KeyOption(request, "--wait-timeout", "DURATION", cli::keys::kWaitTimeout,
                "how long to wait for the master and for cores; default 60s, of --status and --kill 10s"),
      KeyOption(request, "--secret-file", "FILE", cli::keys::kSecretFile,
                "the cluster's secret, as millstream secret FILE makes it, if it has one"),
      KeyOption(request, "--log-level", "LEVEL", cli::keys::kLogLevel,
                "the program's: debug, info, warning or error; default info"),
      KeyOption(request, "--log-dir", "DIR", cli::keys::kLogDir,
                "the driver logs to DIR/PROGRAM.log on its host, which rotates; default standard error"),
      {"--conf", "KEY=VALUE", "a configuration key; may be repeated",
       [&request](std::string_view value) { return SetConf(request, value); }, "-c"},
      {"--properties-file", "FILE", "configuration keys, one a line; default MILLSTREAM_PROPERTIES_FILE",
       SetText(request.properties_file, "--properties-file")},
      {"--status", "ID", "prints the state of an application or a driver, and runs no program",
       id(request.status_of, "--status")},
      {"--kill", "ID", "ends an application or a driver, and runs no program", id(request.kill, "--kill")},
      Switch("--verbose", "prints each value and where it comes from, on standard error", request.verbose,
             "-v"),
      Switch("--version", "prints which Millstream this is, and runs no program", request.version),
  };
}

// Values and origins as the program will see them; an error if the properties file is wrong.
absl::Status Resolve(Request& request) {
  const cli::Environment environment = cli::ReadEnvironment();
  const std::string master(cli::keys::kMaster);
  const auto add = [&request](const std::string& key, const std::string& value, const std::string& origin) {
    if (request.values.emplace(key, value).second) request.origins[key] = origin;
  };
  if (!environment.master.empty()) add(master, environment.master, "MILLSTREAM_MASTER");
  const std::string& file =
      request.properties_file.empty() ? environment.properties_file : request.properties_file;
  if (!file.empty()) {
    const auto properties = cli::ReadPropertiesFile(file);
    if (!properties.ok()) return properties.status();
    for (const auto& [key, value] : *properties) add(key, value, file);
  }
  if (!request.verbose) return absl::OkStatus();
  for (const auto& [key, value] : request.values) {
    std::fprintf(stderr, "%s = %s (%s)\n", key.c_str(), value.c_str(), request.origins[key].c_str());
  }
  std::fprintf(stderr, "deploy mode = %s (%s)\n", request.cluster_mode ? "cluster" : "client",
               request.mode_origin.c_str());
  if (request.supervise) std::fputs("supervise = true (--supervise)\n", stderr);
  if (request.detach) std::fputs("detach = true (--detach)\n", stderr);
  return absl::OkStatus();
}

// Of what asks a master instead of starting an application.
absl::StatusOr<proto::FromMaster> AskMaster(const Request& request, const proto::ToMaster& question) {
  const absl::StatusOr<MasterQuery> query = MasterQueryOf(request.values);
  if (!query.ok()) return query.status();
  return Ask(query->access, question, query->patience);
}

absl::Status PrintStatus(const Request& request) {
  proto::ToMaster question;
  question.mutable_list();
  const auto answer = AskMaster(request, question);
  if (!answer.ok()) return answer.status();
  const absl::StatusOr<std::string> text = StatusText(answer->list(), request.status_of);
  if (!text.ok()) return text.status();
  std::fputs(text->c_str(), stdout);
  return absl::OkStatus();
}

absl::Status Kill(const Request& request) {
  proto::ToMaster question;
  question.mutable_kill()->set_id(request.kill);
  const auto answer = AskMaster(request, question);
  if (!answer.ok()) return answer.status();
  if (answer->kill_answer().found()) {
    std::printf("%s %s\n", request.kill.c_str(),
                answer->kill_answer().ended() ? "had ended already" : "is being killed");
    return absl::OkStatus();
  }
  return absl::NotFoundError(cli::ErrorText(request.kill, "the master knows no such application or driver",
                                            "millstream list --master URL names those it knows"));
}

// The program and all that it is told.
std::vector<std::string> CommandLine(const Request& request, const std::vector<std::string>& application) {
  // The flags after the application come later, and of a flag given twice the last one counts.
  std::vector<std::string> arguments{application.front()};
  if (!request.properties_file.empty()) {
    arguments.insert(arguments.end(), {"--properties-file", request.properties_file});
  }
  arguments.insert(arguments.end(), request.engine_flags.begin(), request.engine_flags.end());
  arguments.insert(arguments.end(), application.begin() + 1, application.end());
  return arguments;
}

// Returns only if the program could not be started.
absl::Status Execute(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  return cli::UsageError(arguments.front(), std::string("cannot be started: ") + std::strerror(errno),
                         "Name the program's executable");
}

// Returns if nobody waits for the driver, or if it is not known how it ended.
absl::Status RunOnWorker(const Request& request, const std::vector<std::string>& command_line) {
  const absl::StatusOr<DriverSubmission> submission = PlanDriver(command_line, request.supervise);
  if (!submission.ok()) return submission.status();
  const absl::StatusOr<std::string> id = Submit(*submission);
  if (!id.ok()) return id.status();
  if (request.detach) {
    std::printf("%s\n", id->c_str());
    return absl::OkStatus();
  }
  base::LogInfo(*id + " is submitted");
  const absl::StatusOr<int> exit_code = AwaitDriver(*submission, *id);
  if (!exit_code.ok()) return exit_code.status();
  if (*exit_code != 0) {
    const std::string text =
        cli::ErrorText(*id, "its driver ended with exit code " + std::to_string(*exit_code),
                       "millstream logs " + *id + " prints what it wrote");
    std::fprintf(stderr, "%s\n", cli::ErrorLine(absl::UnknownError(text)).c_str());
  }
  std::exit(*exit_code);
}

// What asks a master is told a cluster's; what runs a driver here may be told any.
absl::Status CheckMaster(const Request& request) {
  const auto origin = request.origins.find(std::string(cli::keys::kMaster));
  if (origin == request.origins.end() || origin->second != "--master") return absl::OkStatus();
  const std::string& master = request.values.at(origin->first);
  if (!request.cluster_mode && request.status_of.empty() && request.kill.empty()) {
    return cli::ParseMasterUrl(master, "--master").status();
  }
  return MastersOf(master, "--master", /*secured=*/true).status();  // AccessTo() knows whether it is
}

// It does one thing at a time.
absl::Status CheckPurpose(const Request& request, const std::vector<std::string>& application) {
  if (!request.status_of.empty() && !request.kill.empty()) {
    return cli::UsageError("--status " + request.status_of + " and --kill " + request.kill,
                           "it does one of them at a time", "Leave one out");
  }
  if (application.empty() || (request.status_of.empty() && request.kill.empty())) return absl::OkStatus();
  return cli::UsageError(application.front(),
                         std::string(request.kill.empty() ? "--status" : "--kill") + " runs no program",
                         "Leave it out");
}

absl::Status CheckMode(const Request& request) {
  if (request.cluster_mode) return absl::OkStatus();
  for (const auto& [name, given] :
       {std::pair("--supervise", request.supervise), {"--detach", request.detach}}) {
    if (given) {
      return cli::UsageError(name, "it is for drivers that run on workers",
                             "Write --deploy-mode cluster too");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunSubmit(std::span<const std::string> arguments) {
  Request request;
  const std::vector<Option> options = SubmitOptions(request);
  bool help = false;
  const auto application =
      ParseOptions(arguments, options, help, "; a flag of the program's own goes after the program");
  if (!application.ok()) return application.status();
  if (help) {
    std::fputs(
        ("Usage: millstream submit [FLAGS] APP [FLAGS AND ARGUMENTS OF THE PROGRAM]\n"
         "       millstream submit --status ID | --kill ID --master URL\n\n"
         "Runs a program on a cluster: its executors on the workers, the driver here, or on a worker too\n"
         "(--deploy-mode cluster). Workers get the executable, its libraries and files, and keep them.\n"
         "Flags after APP win over those before it.\n\n" +
         OptionsHelp(options) +
         "\nA bare program works too: APP --master millstream://HOST:PORT ...\n"
         "Exit codes are the program's (128 and the number of a signal that killed a driver on a worker);\n"
         "2 for wrong usage, 3 if cores were not granted in time, 4 if no master answers, 7 for an unknown\n"
         "ID, 8 if the master is another user's or another secret's. A driver on a worker goes on if this\n"
         "command is ended.\n")
            .c_str(),
        stdout);
    return absl::OkStatus();
  }
  if (absl::Status purpose = CheckPurpose(request, *application); !purpose.ok()) return purpose;
  if (request.version) {
    std::puts(kVersion);
    return absl::OkStatus();
  }
  if (absl::Status master = CheckMaster(request); !master.ok()) return master;
  if (absl::Status resolved = Resolve(request); !resolved.ok()) return resolved;
  if (!request.status_of.empty()) return PrintStatus(request);
  if (!request.kill.empty()) return Kill(request);
  if (application->empty()) {
    return cli::UsageError("submit", "the application is missing",
                           "Write millstream submit [FLAGS] APP [ARGUMENTS]");
  }
  if (absl::Status mode = CheckMode(request); !mode.ok()) return mode;
  if (absl::Status usable = CheckApplication(application->front()); !usable.ok()) return usable;
  const std::vector<std::string> command_line = CommandLine(request, *application);
  return request.cluster_mode ? RunOnWorker(request, command_line) : Execute(command_line);
}

}  // namespace millstream::deploy
