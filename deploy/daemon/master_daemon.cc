#include "deploy/daemon/master_daemon.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/file_limit.h"
#include "common/base/logging.h"
#include "common/cli/errors.h"
#include "common/rpc/cluster_server.h"
#include "common/security/cluster_secret.h"
#include "common/security/local_secret.h"
#include "common/store/journal.h"
#include "deploy/daemon/signals.h"
#include "deploy/daemon/work_directory.h"
#include "deploy/files/uploads.h"
#include "deploy/master/master.h"

namespace millstream::deploy {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLongestSleep{60'000};
constexpr std::chrono::hours kFilesKept{7 * 24};

int64_t NowMs() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// The state machine, and what its commands do.
class MasterLoop {
 public:
  MasterLoop(Master master, Uploads uploads, store::Journal& journal, rpc::ClusterServer& server,
             int64_t timeout_ms)
      : master_(std::move(master)),
        uploads_(std::move(uploads)),
        journal_(journal),
        server_(server),
        timeout_ms_(timeout_ms) {
    server_.SetListener(
        {.on_message =
             [this](ConnectionId from, const security::Identity& caller, const proto::ToMaster& message) {
               if (AnswerOfFiles(from, message)) return;
               Handle(MessageArrived{from, message, caller.application});
             },
         .on_closed = [this](ConnectionId connection) { Handle(Disconnected{connection}); }});
  }

  absl::Status Run(const std::atomic<bool>& stopping) {
    while (!stopping && status_.ok()) {
      const int64_t start = NowMs();
      RemoveOldFiles();
      const int64_t due =
          std::min(master_.NextDeadlineMs().value_or(INT64_MAX), start + kLongestSleep.count());
      server_.Wait(steady_clock::now() + milliseconds(std::max<int64_t>(0, due - start)));
      const int64_t now = NowMs();
      if (now >= due + timeout_ms_ / 4 || now < start) Handle(Stalled{});
      if (now >= due) Handle(TimePassed{});
    }
    return status_;
  }

 private:
  // False if the message is not about files.
  bool AnswerOfFiles(ConnectionId from, const proto::ToMaster& message) {
    proto::FromMaster answer;
    if (message.has_file_chunk()) {
      *answer.mutable_file_held() = uploads_.Take(message.file_chunk());
    } else if (message.has_file_request()) {
      *answer.mutable_file_data() = uploads_.Give(message.file_request());
    } else {
      return false;
    }
    server_.Send(from, answer);
    return true;
  }

  void RemoveOldFiles() {
    const auto now = steady_clock::now();
    if (now < clean_at_) return;
    clean_at_ = now + std::chrono::hours(1);
    uploads_.RemoveOld(std::filesystem::file_time_type::clock::now() - kFilesKept, master_.FilesInUse());
  }

  void Handle(const MasterEvent& event) {
    if (!status_.ok()) return;
    Master::Commands commands;
    master_.Handle(event, NowMs(), commands);
    std::vector<store::Journal::Change> changes;
    for (const MasterCommand& command : commands) {
      if (const auto* keep = std::get_if<KeepRecord>(&command)) changes.push_back({keep->key, keep->value});
    }
    if (!changes.empty()) {
      status_ = journal_.Write(changes);
      // What is not durable must not be seen to have happened.
      if (!status_.ok()) return;
    }
    for (const MasterCommand& command : commands) {
      if (const auto* send = std::get_if<SendMessage>(&command)) server_.Send(send->to, send->message);
      if (const auto* close = std::get_if<CloseConnection>(&command))
        server_.Close(close->connection, close->why);
      if (const auto* line = std::get_if<LogLine>(&command)) {
        (line->is_warning ? base::LogWarning : base::LogInfo)(cli::OnOneLine(line->text));
      }
    }
  }

  Master master_;
  Uploads uploads_;
  steady_clock::time_point clean_at_;
  store::Journal& journal_;
  rpc::ClusterServer& server_;
  const int64_t timeout_ms_;
  absl::Status status_;
};

// As a URL of masters names them.
absl::Status CheckNamable(std::string_view flag, const std::string& host) {
  if (host.find(':') == std::string::npos) return absl::OkStatus();
  return cli::UsageError(flag, '"' + host + "\" is an IPv6 address, which no master's URL can name",
                         "Write an IPv4 address, or a name");
}

}  // namespace

absl::Status RunMaster(const MasterDaemonOptions& options) {
  base::WarnOfFewFiles();
  for (const auto& [flag, host] :
       {std::pair("--host", options.listen.host), {"--advertised-host", options.listen.advertised_host}}) {
    if (absl::Status namable = CheckNamable(flag, host); !namable.ok()) return namable;
  }
  const auto own = security::ClusterCredentials(security::Role::kMaster, options.secret_file);
  if (!own.ok()) return own.status();
  if (!own->tls && !options.listen.advertised_host.empty()) {
    return cli::UsageError("--advertised-host", "without --secret-file this machine alone is served",
                           "Leave it out, or give --secret-file FILE");
  }
  const auto host = rpc::CheckHost(options.listen.host, own->tls.has_value(), "--host");
  if (!host.ok()) return host.status();
  static std::atomic<bool> stopping = false;
  static std::mutex mutex;
  static rpc::ClusterServer* running =
      nullptr;  // protected by `mutex`: it is not woken while it is destroyed
  const auto set_running = [](rpc::ClusterServer* server) {
    std::lock_guard lock(mutex);
    running = server;
  };
  OnStopSignal([] {
    stopping = true;
    std::lock_guard lock(mutex);
    if (running != nullptr) running->Wake();
  });
  const auto directory = WorkDirectory::Open(options.work_dir);
  if (!directory.ok()) return directory.status();
  const auto journal = store::Journal::Open((*directory)->path() + "/journal");
  if (!journal.ok()) return journal.status();
  const auto records = (*journal)->Read();
  if (!records.ok()) return records.status();

  absl::StatusOr<Master> master = Master::Create({.timeout_ms = options.timeout_ms}, *records, NowMs());
  if (!master.ok()) return (*journal)->Damaged(std::string(master.status().message()));

  auto files = FileStore::Open((*directory)->path() + "/files");
  if (!files.ok()) return files.status();

  rpc::ListenOptions listen = options.listen;
  listen.host = *host;
  const auto server = rpc::ClusterServer::Listen(*own, listen);
  if (!server.ok()) return server.status();
  const std::string& address = (*server)->address();
  std::unique_ptr<security::LocalSecretServer> secrets;
  if (!own->tls) {
    auto started = security::LocalSecretServer::Start(address, own->token);
    if (!started.ok()) return started.status();
    secrets = *std::move(started);
  }

  MasterLoop loop(*std::move(master), Uploads(*std::move(files)), **journal, **server, options.timeout_ms);
  std::printf("ready millstream://%s\n", address.c_str());
  std::fflush(stdout);
  base::LogInfo("master at millstream://" + address + ", works in " + (*directory)->path() + ", knows " +
                std::to_string(records->size()) + " records");
  set_running(server->get());
  absl::Status status = loop.Run(stopping);
  set_running(nullptr);
  return status;
}

}  // namespace millstream::deploy
