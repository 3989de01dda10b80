#include "deploy/submit/cluster_query.h"

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <optional>

#include "common/cli/errors.h"
#include "common/cli/master_url.h"
#include "common/cli/values.h"
#include "common/rpc/listen_address.h"
#include "common/rpc/master_connection.h"
#include "common/security/cluster_secret.h"

namespace millstream::deploy {
namespace {

std::string Time(int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
  return text;
}

// What users named goes to a terminal: nothing in it may be a control character.
std::string Printable(std::string text) {
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  return text;
}

using Row = std::vector<std::string>;

std::string Table(const std::vector<Row>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] + 2 - row[i].size(), ' ');
    }
    text += line + "\n";
  }
  return text;
}

std::string ExitText(const auto& record) {
  return record.has_exit_code() ? std::to_string(record.exit_code()) : "-";
}

Row RowOf(const proto::DriverRecord& record) {
  return {record.id(),
          Printable(record.request().name()),
          Printable(record.request().user()),
          proto::DriverRecord::State_Name(record.state()),
          ExitText(record),
          record.worker().empty() ? "-" : Printable(record.worker()),
          std::to_string(record.epoch()),
          Time(record.submitted_ms())};
}

const Row kDriverHead{"DRIVER", "NAME", "USER", "STATE", "EXIT", "WORKER", "LAUNCHES", "SUBMITTED"};

Row RowOf(const proto::ClusterList::Application& application) {
  const proto::ApplicationRecord& record = application.record();
  uint32_t cores = 0;
  for (const auto& executor : application.executors()) cores += executor.cores();
  return {record.id(),
          Printable(record.name()),
          Printable(record.user()),
          proto::ApplicationRecord::State_Name(record.state()),
          ExitText(record),
          std::to_string(application.executors_size()),
          std::to_string(cores),
          Time(record.submitted_ms())};
}

const Row kApplicationHead{"APPLICATION", "NAME", "USER", "STATE", "EXIT", "EXECUTORS", "CORES", "SUBMITTED"};

}  // namespace

absl::StatusOr<std::vector<std::string>> MastersOf(const std::string& url, const std::string& name,
                                                   bool secured) {
  const absl::StatusOr<cli::MasterUrl> master = cli::ParseMasterUrl(url, name);
  if (!master.ok() || master->kind != cli::MasterUrl::Kind::kCluster) {
    return cli::UsageError(name, '"' + url + "\" is no cluster's master",
                           "Write " + cli::AsClusterUrl(url).value_or("millstream://HOST:PORT"));
  }
  return rpc::CheckHosts(master->masters, secured, name);
}

absl::Status NoMasterError() {
  return cli::UsageError("--master", "it says nowhere which master to ask",
                         "Write --master millstream://HOST:PORT");
}

absl::StatusOr<MasterAccess> AccessTo(const std::string& url, const std::string& secret_file) {
  const auto own = security::ClusterCredentials(security::Role::kSubmitter, secret_file);
  if (!own.ok()) return own.status();
  const auto masters = MastersOf(url, "--master", own->tls.has_value());
  if (!masters.ok()) return masters.status();
  return MasterAccess{*masters, *own};
}

absl::StatusOr<proto::FromMaster> Ask(const MasterAccess& access, const proto::ToMaster& question,
                                      std::chrono::milliseconds patience) {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<proto::FromMaster> answer;
  absl::Status lost;
  rpc::MasterConnection connection(access.own, access.masters,
                                   {.hello = [&] { return question; },
                                    .on_message =
                                        [&](const proto::FromMaster& message) {
                                          std::lock_guard lock(mutex);
                                          answer = message;
                                          changed.notify_all();
                                        },
                                    .on_lost =
                                        [&](const absl::Status& why) {
                                          std::lock_guard lock(mutex);
                                          lost = absl::Status(why.code(), why.message());
                                          changed.notify_all();
                                        }});
  connection.Start();
  std::unique_lock lock(mutex);
  changed.wait_for(lock, patience, [&] { return answer || absl::IsUnauthenticated(lost); });
  if (answer) return *std::move(answer);
  return rpc::NoAnswerError(access.masters, lost, patience);
}

std::string ListText(const proto::ClusterList& list) {
  std::vector<Row> workers{{"WORKER", "HOST", "STATE", "CORES", "MEMORY"}};
  for (const proto::ClusterList::Worker& worker : list.workers()) {
    workers.push_back({Printable(worker.record().id()), Printable(worker.record().host()),
                       worker.connected() ? "ALIVE" : "AWAY",
                       std::to_string(worker.cores_used()) + "/" + std::to_string(worker.record().cores()),
                       cli::FormatSize(static_cast<int64_t>(worker.memory_used_bytes())) + "/" +
                           cli::FormatSize(static_cast<int64_t>(worker.record().memory_bytes()))});
  }
  std::vector<Row> applications{kApplicationHead};
  for (const proto::ClusterList::Application& application : list.applications()) {
    applications.push_back(RowOf(application));
  }
  std::vector<Row> drivers{kDriverHead};
  for (const proto::DriverRecord& record : list.drivers()) drivers.push_back(RowOf(record));
  return Table(workers) + "\n" + (drivers.size() > 1 ? Table(drivers) + "\n" : "") + Table(applications);
}

absl::StatusOr<std::string> StatusText(const proto::ClusterList& list, const std::string& id) {
  for (const proto::ClusterList::Application& application : list.applications()) {
    if (application.record().id() == id) return Table({kApplicationHead, RowOf(application)});
  }
  for (const proto::DriverRecord& record : list.drivers()) {
    if (record.id() != id) continue;
    return Table({kDriverHead, RowOf(record)}) +
           (record.how().empty() ? "" : "it " + Printable(record.how()) + "\n");
  }
  return absl::NotFoundError(cli::ErrorText(id, "the master knows no such application or driver",
                                            "millstream list --master URL names those it knows"));
}

}  // namespace millstream::deploy
