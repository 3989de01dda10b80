#include "deploy/doctor/doctor_command.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <vector>

#include "common/cli/configuration_keys.h"
#include "common/cli/errors.h"
#include "common/cli/resolved_config.h"
#include "deploy/doctor/clocks.h"
#include "deploy/doctor/directory.h"
#include "deploy/doctor/finding.h"
#include "deploy/doctor/host_name.h"
#include "deploy/doctor/libraries.h"
#include "deploy/doctor/limits.h"
#include "deploy/doctor/ports.h"
#include "deploy/doctor/secret_file.h"
#include "deploy/submit/cluster_query.h"
#include "deploy/submit/master_options.h"
#include "deploy/submit/options.h"

namespace millstream::deploy {
namespace {

constexpr int kMasterPort = 7077;
constexpr std::chrono::seconds kPatience{5};

constexpr const char* kUsage =
    "Usage: millstream doctor [FLAGS] [PROGRAM]\n\n"
    "Looks at what Millstream depends on, on this host and as this user: ports, the host's name, clocks,\n"
    "limits, the directories that are written to, shared libraries and the secret file. Each line is OK,\n"
    "WARN or FAIL, the thing, what was found, and what to do. The exit code is 1 if anything FAILs.\n\n";

// Prints what is found, and counts.
class Report {
 public:
  void Add(const Finding& finding) {
    std::printf("%s\n", ToLine(finding).c_str());
    ++findings_;
    if (finding.severity == Finding::Severity::kFail) ++failures_;
  }

  absl::Status Result() const {
    if (failures_ == 0) return absl::OkStatus();
    return absl::UnknownError(cli::ErrorText(
        "doctor", std::to_string(failures_) + " of " + std::to_string(findings_) + " checks failed",
        "Do what the lines with FAIL say"));
  }

 private:
  int findings_ = 0;
  int failures_ = 0;
};

absl::StatusOr<std::string> ConfiguredLocalDir() {
  const absl::StatusOr<Values> values = WithEnvironment({});
  if (!values.ok()) return values.status();
  const auto config = cli::ResolvedConfig::FromValues(*values);
  if (!config.ok()) return config.status();
  return config->Get(cli::keys::kLocalDir);
}

void AskMaster(const std::string& url, const std::string& secret_file, Report& report) {
  const auto access = AccessTo(url, secret_file);
  if (!access.ok()) return report.Add({Finding::Severity::kFail, std::string(access.status().message())});
  proto::ToMaster question;
  question.mutable_list();
  const int64_t sent = ReadClocks().wall_ms;
  const auto answer = Ask(*access, question, kPatience);
  const int64_t received = ReadClocks().wall_ms;
  if (!answer.ok()) return report.Add({Finding::Severity::kFail, std::string(answer.status().message())});
  report.Add(Ok("master " + url, "answers"));
  report.Add(CheckMasterClock(sent, answer->list().now_ms(), received));
}

}  // namespace

absl::Status RunDoctor(std::span<const std::string> arguments) {
  std::string master;
  std::string secret_file;
  std::string work_dir = "millstream-worker";
  std::string local_dir;
  const std::vector<Option> options{
      {"--master", "URL", "asks this master, and compares its clock; else port 7077 is to be free for one",
       SetText(master, "--master")},
      {"--secret-file", "FILE", "the cluster's secret, which is to be this user's alone and valid",
       SetText(secret_file, "--secret-file")},
      {"--work-dir", "DIR", "where a daemon is to work; default ./millstream-worker",
       SetText(work_dir, "--work-dir")},
      {"--local-dir", "DIR", "where executors are to spill; default millstream.local.dir, which is /tmp",
       SetText(local_dir, "--local-dir")}};
  bool help = false;
  const auto rest = ParseOptions(arguments, options, help);
  if (!rest.ok()) return rest.status();
  if (help) {
    std::fputs((kUsage + OptionsHelp(options)).c_str(), stdout);
    return absl::OkStatus();
  }
  if (rest->size() > 1) {
    return cli::UsageError((*rest)[1], "doctor takes one argument, a program", "Leave the others out");
  }
  if (!master.empty()) {
    const auto masters = MastersOf(master, "--master", !secret_file.empty());
    if (!masters.ok()) return masters.status();
  }
  std::error_code ignored;
  const std::string program =
      rest->empty() ? std::filesystem::read_symlink("/proc/self/exe", ignored).string() : rest->front();

  Report report;
  if (local_dir.empty()) {
    const absl::StatusOr<std::string> configured = ConfiguredLocalDir();
    if (!configured.ok()) {
      report.Add({Finding::Severity::kFail, std::string(configured.status().message())});
    }
    local_dir = configured.value_or("/tmp");
  }
  const ClockReading first = ReadClocks();
  if (master.empty()) report.Add(CheckPort(kMasterPort));
  report.Add(CheckPort(0));
  report.Add(CheckHostName(LookUpHostName()));
  for (const Finding& finding : CheckLimits(ReadLimits())) report.Add(finding);
  report.Add(CheckWorkDirectory(work_dir));
  report.Add(CheckLocalDirectory(local_dir));
  for (const Finding& finding :
       CheckFileSystems(work_dir, FileSystemOf(work_dir), local_dir, FileSystemOf(local_dir))) {
    report.Add(finding);
  }
  report.Add(CheckLibraries(program));
  if (!secret_file.empty()) report.Add(CheckSecretFile(secret_file));
  report.Add(CheckClocks(first, ReadClocks()));
  if (!master.empty()) AskMaster(master, secret_file, report);
  return report.Result();
}

}  // namespace millstream::deploy
