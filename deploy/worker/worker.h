#ifndef MILLSTREAM_DEPLOY_WORKER_WORKER_H_
#define MILLSTREAM_DEPLOY_WORKER_WORKER_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/rpc/child_process.h"
#include "common/rpc/listen_address.h"
#include "common/rpc/master_connection.h"
#include "common/security/credentials.h"
#include "deploy/files/file_store.h"
#include "deploy/worker/lanes.h"
#include "deploy/worker/launch.h"
#include "deploy/worker/master_files.h"
#include "deploy/worker/output_files.h"
#include "deploy/worker/program_cache.h"
#include "proto/cluster.pb.h"

namespace millstream::deploy {

struct WorkerOptions {
  security::Credentials own;                 // a worker's
  std::vector<std::string> masters;          // "host:port"
  std::string host;                          // as people name this machine
  rpc::ListenOptions executors_listen = {};  // the ports are the application's to say
  uint32_t cores = 1;
  uint64_t memory_bytes = 0;
  std::string directory;         // absolute, its own
  std::string secret_file = {};  // the cluster's, if `own` has TLS
};

// Runs executors, as its children, for a master's applications, and drivers in cluster mode: each in a
// directory of its own, DIRECTORY/APPLICATION/EXECUTOR or DIRECTORY/DRIVER/EPOCH, with its output in files
// there. Such directories, and programs, that were not used for a week are removed. A master that goes away
// and comes back is told what runs, and how drivers ended. Two launches of one driver never run at once.
// Thread-safe.
class Worker {
 public:
  // Begins to look for a master.
  Worker(WorkerOptions options, FileStore programs);
  // Kills what it runs.
  ~Worker();

  // OK once a master has accepted it. Aborted: none did within `patience`; Unauthenticated: it is another
  // user's or another secret's; Cancelled: `stop` was requested.
  absl::Status AwaitMaster(std::chrono::milliseconds patience, const std::stop_token& stop = {});

 private:
  using Key = Launch::Key;
  struct Running {
    bool is_driver = false;
    uint32_t cores = 0;
    uint64_t memory_bytes = 0;
    std::optional<uint32_t> child;  // its number, once it was started
    bool killed = false;
    std::stop_source fetch = {};  // of its program
    std::optional<std::chrono::steady_clock::time_point> fetched_by = {};
  };

  proto::ToMaster Hello();
  void OnMessage(const proto::FromMaster& message);
  void OnAccepted(const proto::Accepted& accepted);
  void OnLost(const absl::Status& why);
  void Accept(Launch launch);
  void Kill(const Key& key);
  // The mutex is held.
  void KillHeld(Running& running);
  bool OtherLaunchRuns(const Key& driver) const;

  // Beside the connection's thread, and beside those of other names.
  void RunInLane(const std::string& name, std::function<void()> task);
  // Its program may have to be fetched.
  void Start(Launch launch);
  // Gives it to `child`, unless that is not wanted any more.
  absl::Status Spawn(Launch& launch, rpc::ChildProgram program, uint32_t child);
  absl::StatusOr<rpc::ChildProgram> Prepare(Launch& launch);
  void CleanLoop();
  void RemoveOldFiles();
  // Its working directory, new.
  absl::StatusOr<std::string> MakeDirectory(const Key& key);
  void OnExit(const rpc::ChildExit& end);
  // `exit_code` is nullopt if it was never started.
  void OnEnded(const Key& key, const std::string& how, std::optional<int> exit_code = std::nullopt);
  void BeatLoop();

  const WorkerOptions options_;
  const std::string id_;
  ProgramCache programs_;
  std::mutex directories_mutex_;  // held while working directories are made or removed

  std::mutex mutex_;  // protects what follows; never held while a disk is waited for
  std::condition_variable_any changed_;
  std::map<Key, Running> running_;
  std::map<uint32_t, Key> key_of_;                  // by child
  std::deque<proto::ExecutorEnded> ended_drivers_;  // the latest
  uint32_t next_child_ = 0;
  std::chrono::milliseconds heartbeat_{1000};
  bool accepted_ = false;  // once at least
  bool connected_ = false;
  absl::Status lost_;
  bool stopping_ = false;

  OutputFiles outputs_;
  MasterFiles master_files_;
  rpc::ChildProcesses children_;
  rpc::MasterConnection connection_;  // not used by children that end once this worker does
  Lanes lanes_;                       // applications' launches
  std::thread cleaning_;
  std::thread beating_;
};

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_WORKER_WORKER_H_
