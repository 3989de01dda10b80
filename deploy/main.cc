// The millstream command: one command per line of the table.
#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/file_limit.h"
#include "common/base/logging.h"
#include "common/cli/edit_distance.h"
#include "common/cli/errors.h"
#include "common/cli/exit_codes.h"
#include "common/cli/values.h"
#include "deploy/daemon/log_options.h"
#include "deploy/daemon/master_daemon.h"
#include "deploy/daemon/worker_daemon.h"
#include "deploy/doctor/doctor_command.h"
#include "deploy/secret/secret_command.h"
#include "deploy/submit/list_command.h"
#include "deploy/submit/logs_command.h"
#include "deploy/submit/master_options.h"
#include "deploy/submit/options.h"
#include "deploy/submit/submit_command.h"
#include "deploy/submit/version.h"

namespace millstream::deploy {
namespace {

using Arguments = std::span<const std::string>;

constexpr std::string_view kSecretHelp =
    "the cluster's secret: every connection is mutual TLS, beyond loopback too";

// A whole number within bounds, into `to`.
template <typename Number>
auto SetNumber(Number& to, std::string_view name, int64_t least, int64_t most) {
  return [&to, name, least, most](std::string_view text) {
    const std::optional<int64_t> number = cli::ParseInteger(text);
    if (!number || *number < least || *number > most) {
      return cli::UsageError(name, '"' + std::string(text) + "\" is not a number it takes",
                             "Write one from " + std::to_string(least) + " to " + std::to_string(most));
    }
    to = static_cast<Number>(*number);
    return absl::OkStatus();
  };
}

absl::Status Master(Arguments arguments) {
  MasterDaemonOptions master;
  const std::vector<Option> options{
      {"--host", "HOST", "the address to listen on; default 127.0.0.1. Any other needs --secret-file",
       SetText(master.listen.host, "--host")},
      {"--advertised-host", "HOST", "as its URL names it, if that is not --host",
       SetText(master.listen.advertised_host, "--advertised-host")},
      {"--port", "PORT", "the port to listen on; default 7077, 0 is any",
       SetNumber(master.listen.port, "--port", 0, 65535)},
      {"--secret-file", "FILE", kSecretHelp, SetText(master.secret_file, "--secret-file")},
      {"--work-dir", "DIR", "where it keeps its journal; default ./millstream-master",
       SetText(master.work_dir, "--work-dir")},
      LogLevelOption(),
      LogDirOption("master")};
  bool help = false;
  const auto rest = ParseOptions(arguments, options, help);
  if (!rest.ok()) return rest.status();
  if (help) {
    std::fputs(
        ("Usage: millstream master [FLAGS]\n\n"
         "Accepts workers and applications, gives these executors on those, and remembers both in its\n"
         "journal: started again on the same port, it goes on where it was, and applications that run do\n"
         "not notice. The first line on standard output is \"ready URL\". Without a secret file it serves\n"
         "its own user on this machine alone.\n\n" +
         OptionsHelp(options))
            .c_str(),
        stdout);
    return absl::OkStatus();
  }
  if (!rest->empty()) return cli::UsageError(rest->front(), "master takes no argument", "Leave it out");
  return RunMaster(master);
}

absl::Status Worker(Arguments arguments) {
  WorkerDaemonOptions worker;
  const auto set_memory = [&worker](std::string_view text) {
    const std::optional<int64_t> bytes = cli::ParseSize(text, int64_t{1} << 20);
    if (!bytes || *bytes < int64_t{16} << 20) {
      return cli::UsageError("--memory", '"' + std::string(text) + "\" is no size of at least 16m",
                             "Write a whole number and a unit, as in 512m or 4g");
    }
    worker.memory_bytes = static_cast<uint64_t>(*bytes);
    return absl::OkStatus();
  };
  const std::vector<Option> options{
      {"--cores", "N", "cores for all executors together; default all of this machine",
       SetNumber(worker.cores, "--cores", 1, 4096)},
      {"--memory", "SIZE",
       "memory for all executors together, a number alone is MiB; default this machine's, less 1g",
       set_memory},
      {"--work-dir", "DIR", "where executors work, and programs are kept; default ./millstream-worker",
       SetText(worker.work_dir, "--work-dir")},
      {"--host", "HOST", "the address executors listen on; default the one that leads to the master",
       SetText(worker.host, "--host")},
      {"--advertised-host", "HOST", "as other machines name it, if that is not --host",
       SetText(worker.advertised_host, "--advertised-host")},
      {"--secret-file", "FILE", kSecretHelp, SetText(worker.secret_file, "--secret-file")},
      WaitTimeoutOption(worker.wait_timeout, "how long to wait for a master at the start; default 60s"),
      LogLevelOption(),
      LogDirOption("worker")};
  bool help = false;
  const auto rest = ParseAllOptions(arguments, options, help);
  if (!rest.ok()) return rest.status();
  if (help) {
    std::fputs(
        ("Usage: millstream worker [FLAGS] millstream://HOST:PORT[,HOST:PORT] [FLAGS]\n\n"
         "Runs executors, and drivers in cluster mode, on this machine for a master. The first line on "
         "standard\n"
         "output is \"ready URL\", once the master has accepted it. An executor's standard output and\n"
         "error are in DIR/APPLICATION/EXECUTOR, a driver's in DIR/DRIVER/LAUNCH. Both end with the "
         "worker.\n\n" +
         OptionsHelp(options))
            .c_str(),
        stdout);
    return absl::OkStatus();
  }
  if (rest->size() != 1) {
    return cli::UsageError("worker", "it takes one argument, the master's URL",
                           "Write millstream worker [FLAGS] millstream://HOST:PORT");
  }
  worker.master = rest->front();
  return RunWorker(worker);
}

struct Command {
  std::string_view name;
  std::string_view help;
  absl::Status (*run)(Arguments arguments);
};

constexpr std::array kCommands{
    Command{"secret", "makes the secret file that a cluster's processes know each other by", RunSecret},
    Command{"master", "accepts workers and applications, and gives these executors on those", Master},
    Command{"worker", "runs executors on this machine for a master's applications", Worker},
    Command{"submit", "runs a program on a cluster; also millstream-submit", RunSubmit},
    Command{"list", "prints a cluster's workers, drivers and applications", RunList},
    Command{"logs", "prints what an application's executors, or a driver on a worker, wrote", RunLogs},
    Command{"doctor", "looks at what Millstream depends on, and says what to do", RunDoctor},
};

std::string Help() {
  std::string text = "Usage: millstream COMMAND [FLAGS] [ARGUMENTS]\n\n";
  for (const Command& command : kCommands) {
    std::string line = "  " + std::string(command.name);
    line.resize(11, ' ');
    text.append(line).append(command.help).append("\n");
  }
  return text +
         "\nmillstream COMMAND --help, or millstream help COMMAND, tells more; millstream --version, or\n"
         "millstream version, which this is.\n\n"
         "A cluster on this machine, in three terminals:\n\n"
         "  millstream master\n"
         "  millstream worker millstream://127.0.0.1:7077\n"
         "  millstream submit --master millstream://127.0.0.1:7077 APP ARGUMENTS\n";
}

absl::Status RunCommand(const std::string& name, Arguments arguments) {
  const auto found = std::ranges::find(kCommands, name, &Command::name);
  if (found != kCommands.end()) return found->run(arguments);
  std::vector<std::string_view> names{"help", "version"};
  for (const Command& command : kCommands) names.push_back(command.name);
  return cli::UsageError(name, "there is no such command",
                         cli::NearestOr(name, names, "millstream --help lists those there are"));
}

absl::Status Needless(const std::string& argument) {
  return cli::UsageError(argument, "there is nothing to do with it here", "Leave it out");
}

bool IsHelp(const std::string& word) { return word == "--help" || word == "-h" || word == "help"; }
bool IsVersion(const std::string& word) { return word == "--version" || word == "version"; }

absl::Status Run(Arguments arguments) {
  if (arguments.empty())
    return cli::UsageError("usage", "millstream COMMAND [FLAGS] [ARGUMENTS]", "See millstream --help");
  if (IsVersion(arguments[0])) {
    if (arguments.size() > 1) return Needless(arguments[1]);
    std::puts(kVersion);
    return absl::OkStatus();
  }
  if (!IsHelp(arguments[0])) return RunCommand(arguments[0], arguments.subspan(1));
  if (arguments.size() > 2) return Needless(arguments[2]);
  if (arguments.size() == 1 || IsHelp(arguments[1]) || IsVersion(arguments[1])) {
    std::fputs(Help().c_str(), stdout);
    return absl::OkStatus();
  }
  const std::vector<std::string> ask_for_help{"--help"};
  return RunCommand(arguments[1], ask_for_help);
}

int ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return cli::kExitDone;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
      return cli::kExitUsage;
    case absl::StatusCode::kDeadlineExceeded:
      return cli::kExitNotGranted;
    case absl::StatusCode::kAborted:
      return cli::kExitNoMaster;
    case absl::StatusCode::kNotFound:
      return cli::kExitNotFound;
    case absl::StatusCode::kUnauthenticated:
      return cli::kExitCredentials;
    default:
      return cli::kExitFailed;
  }
}

int Main(std::vector<std::string> arguments) {
  base::InitLogging();
  base::RaiseFileLimit();
  base::ChangeLogLevelOnSignals();
  const std::string program = arguments.empty() ? "" : arguments.front();
  if (!arguments.empty()) arguments.erase(arguments.begin());
  if (program.ends_with("millstream-submit")) arguments.insert(arguments.begin(), "submit");
  const absl::Status status = Run(arguments);
  if (!status.ok()) std::fprintf(stderr, "%s\n", cli::ErrorLine(status).c_str());
  std::fflush(nullptr);
  return ExitCodeOf(status);
}

}  // namespace
}  // namespace millstream::deploy

int main(int argc, char** argv) { return millstream::deploy::Main({argv, argv + argc}); }
