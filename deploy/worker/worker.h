#ifndef MILLSTREAM_DEPLOY_WORKER_WORKER_H_
#define MILLSTREAM_DEPLOY_WORKER_WORKER_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/rpc/child_process.h"
#include "common/rpc/listen_address.h"
#include "common/rpc/master_connection.h"
#include "common/security/credentials.h"
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
  std::string directory;  // absolute, its own
};

// Runs executors, as its children, for a master's applications: each in a directory of its own,
// DIRECTORY/APPLICATION/EXECUTOR, with its output in the files stdout and stderr. Directories of
// applications, and programs, that were not used for a week are removed. A master that goes away and comes
// back is told what runs. Thread-safe.
class Worker {
 public:
  // Begins to look for a master.
  Worker(WorkerOptions options, ProgramCache programs);
  // Kills what it runs.
  ~Worker();

  // OK once a master has accepted it. Aborted: none did within `patience`; Unauthenticated: it is another
  // user's or another secret's.
  absl::Status AwaitMaster(std::chrono::milliseconds patience);

 private:
  using Key = std::pair<std::string, uint32_t>;  // application and executor
  struct Executor {
    uint32_t cores = 0;
    uint64_t memory_bytes = 0;
    std::optional<uint32_t> child;  // its number, once it was started
    bool killed = false;
  };

  proto::ToMaster Hello();
  void OnMessage(const proto::FromMaster& message);
  void OnAccepted(const proto::Accepted& accepted);
  void OnLost(const absl::Status& why);
  void Accept(const proto::LaunchExecutor& launch);
  void Kill(const Key& key);

  // Starts executors, one after the other: their program may have to be fetched.
  void LaunchLoop();
  void Launch(proto::LaunchExecutor launch);
  void RemoveOldFiles();
  // Its working directory, new.
  absl::StatusOr<std::string> MakeDirectory(const proto::LaunchExecutor& launch) const;
  void OnExit(const rpc::ChildExit& end);
  void OnEnded(const Key& key, const std::string& how);
  void BeatLoop();

  const WorkerOptions options_;
  const std::string id_;
  ProgramCache programs_;  // used by the launching thread alone

  std::mutex mutex_;  // protects what follows
  std::condition_variable changed_;
  std::map<Key, Executor> executors_;
  std::map<uint32_t, Key> key_of_;  // by child
  std::deque<proto::LaunchExecutor> launches_;
  uint32_t next_child_ = 0;
  std::chrono::milliseconds heartbeat_{1000};
  bool accepted_ = false;  // once at least
  bool connected_ = false;
  absl::Status lost_;
  bool stopping_ = false;

  rpc::ChildProcesses children_;
  rpc::MasterConnection connection_;  // not used by children that end once this worker does
  std::thread launching_;
  std::thread beating_;
};

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_WORKER_WORKER_H_
