#ifndef MILLSTREAM_DEPLOY_MASTER_MASTER_H_
#define MILLSTREAM_DEPLOY_MASTER_MASTER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "deploy/master/placement.h"
#include "proto/cluster.pb.h"

namespace millstream::deploy {

// What a master hears. Each comes with the time.
struct MessageArrived {
  ConnectionId from{};
  proto::ToMaster message;
  std::string certified_as = {};  // the application that the sender's certificate names; empty: none
};
struct Disconnected {
  ConnectionId connection{};
};
struct TimePassed {};
// This process has slept, or was cut off; what others said meanwhile is still to be read.
struct Stalled {};
using MasterEvent = std::variant<MessageArrived, Disconnected, TimePassed, Stalled>;

// What it wants. Records are to be durable before anything that follows is sent.
struct SendMessage {
  ConnectionId to{};
  proto::FromMaster message;
};
struct CloseConnection {
  ConnectionId connection{};
  absl::Status why;
};
struct KeepRecord {
  std::string key;
  std::optional<std::string> value;  // nullopt: the record is dropped
};
// For whoever operates the cluster. What peers called themselves may be in it, as they wrote it.
struct LogLine {
  bool is_warning = false;
  std::string text;
};
using MasterCommand = std::variant<SendMessage, CloseConnection, KeepRecord, LogLine>;

struct MasterOptions {
  // Silence, or absence, after which a worker or a driver is lost.
  int64_t timeout_ms = 10'000;
  // How long executors of an application that ended may take to end by themselves.
  int64_t end_timeout_ms = 5'000;
  size_t most_ended = 200;  // applications, and drivers, that are remembered
  // Before a supervised driver that failed runs again: the first pause, doubled each time up to the longest;
  // the first again after one that ran for longer than `steady_ms`.
  int64_t first_pause_ms = 1'000;
  int64_t longest_pause_ms = 60'000;
  int64_t steady_ms = 5'000;
};

// A cluster's workers, drivers and applications, as a state machine: events in, commands out. All three are
// kept in records; executors are not: after a restart, workers and drivers say what they have. Until all
// that the records name are back, or the timeout has passed, nothing new is granted or launched.
class Master {
 public:
  using Commands = std::vector<MasterCommand>;

  // `records` are those that an earlier master kept. DataLoss: one of them is damaged.
  static absl::StatusOr<Master> Create(const MasterOptions& options,
                                       const std::map<std::string, std::string>& records, int64_t now_ms);

  void Handle(const MasterEvent& event, int64_t now_ms, Commands& commands);
  // When TimePassed is worth telling; later is late.
  std::optional<int64_t> NextDeadlineMs() const;

  // The hashes of files that drivers may still be launched with.
  std::set<std::string> FilesInUse() const;

 private:
  struct Executor {
    std::string worker;
    uint32_t cores = 0;
    uint64_t memory_bytes = 0;
    bool launched = false;  // its driver said what it is to run, or its worker that it runs
    bool unwanted = false;  // it is to end, and is not replaced before it has
  };
  struct Worker {
    proto::WorkerRecord record;
    std::optional<ConnectionId> connection;
    int64_t heard_ms = 0;
  };
  struct Application {
    proto::ApplicationRecord record;
    std::optional<ConnectionId> connection;
    int64_t heard_ms = 0;  // or when its connection ended
    uint32_t next_executor = 0;
    std::map<uint32_t, Executor> executors;
    std::set<uint32_t> claimed;       // while the master recovers: what the driver says it has
    std::optional<std::string> told;  // why it waits: the latest NothingGranted
    std::optional<int64_t> kill_ms;   // when what is left of its executors is killed
    bool ended() const { return record.state() >= proto::ApplicationRecord::FINISHED; }
  };
  // One in cluster mode.
  struct Driver {
    proto::DriverRecord record;
    std::set<ConnectionId> awaited_by;
    int64_t pause_ms = 0;                // the last one
    std::optional<int64_t> relaunch_ms;  // not earlier
    bool ended() const { return record.state() >= proto::DriverRecord::FINISHED; }
    bool waits() const { return !ended() && record.worker().empty(); }
  };

  Master(const MasterOptions& options, int64_t now_ms) : options_(options), now_ms_(now_ms) {}
  // False: it is damaged.
  bool Recall(const std::string& key, const std::string& value);

  void On(const MessageArrived& event);
  void On(const Disconnected& event);
  void On(const TimePassed& event);
  void On(const Stalled& event);

  void On(ConnectionId from, const proto::WorkerHello& hello);
  void On(ConnectionId from, const proto::ApplicationHello& hello, const std::string& certified_as);
  void On(ConnectionId from, const proto::LaunchExecutor& launch);
  void On(ConnectionId from, const proto::ExecutorEnded& ended);
  void On(ConnectionId from, const proto::ApplicationEnded& ended);
  void On(ConnectionId from, const proto::ApplicationExit& exit, const std::string& certified_as);
  void On(ConnectionId from, const proto::WorkerStopping&);
  void On(ConnectionId from, const proto::ListRequest& request);
  void On(ConnectionId from, const proto::KillRequest& request);
  void On(ConnectionId from, const proto::LogQuery& query);
  void On(ConnectionId from, const proto::LogAnswer& answer);
  void On(ConnectionId from, const proto::SubmitDriver& submit);
  void On(ConnectionId from, const proto::AwaitDriver& request);

  // A client's question that workers have still to answer.
  struct LogRead {
    ConnectionId client{};
    std::set<ConnectionId> asked;
    proto::LogAnswer answer;
  };
  // Answers the client if that was the last worker.
  void EndLogRead(uint64_t query, ConnectionId worker);
  // Neither asks nor answers any more.
  void ForgetInLogReads(ConnectionId connection);

  // All that are connected, and these are more than one, have been silent for half the timeout: that is this
  // host's fault rather than theirs. None of them is lost before somebody is heard again, but since all may
  // have died, not longer than until the time that this returns. nullopt: it is not so.
  std::optional<int64_t> AmnestyEndMs() const;

  Application* ApplicationOf(ConnectionId connection);
  Worker* WorkerOf(ConnectionId connection);
  // Whether it has said who it is.
  bool IsKnown(ConnectionId connection) const {
    return worker_of_.contains(connection) || application_of_.contains(connection);
  }

  Application& NewApplication(const proto::ApplicationHello& hello, const std::string& certified_as);
  // Executors that the driver claims and that are no more, or whose launch was lost with its connection: it
  // is told. Those it does not claim are ended.
  void Reconcile(Application& application);
  void AdoptExecutors(Worker& worker, const proto::WorkerHello& hello);
  // Returns the iterator after it.
  std::map<uint32_t, Executor>::iterator Forget(Application& application,
                                                std::map<uint32_t, Executor>::iterator executor,
                                                const std::string& how);
  void Unwant(Application& application, uint32_t id);
  // Its connection, if there is one, ends with `close`.
  void LoseWorker(const std::string& id, const std::string& why, const absl::Status& close);
  void EndApplication(Application& application, proto::ApplicationRecord::State state,
                      std::optional<uint32_t> exit_code = std::nullopt);
  // Its driver is gone or hangs: a connected one is refused, its executors and its process end now.
  void LoseApplication(Application& application, const std::string& why);
  // Tells its driver, if that is there, why it is over.
  void Refuse(Application& application, const std::string& why);
  // One that said how it ended has failed, and so.
  void FailEnded(Application& application, std::optional<uint32_t> exit_code);
  void KillExecutors(Application& application);
  void ForgetOld();
  void Schedule();
  // Says what workers have to one that waits, and what is `free` of that.
  void TellNothingGranted(Application& application, const std::vector<FreeWorker>& free);
  // By id; all that they have, and what is free of it.
  std::vector<FreeWorker> ConnectedWorkers() const;
  std::vector<FreeWorker> FreeWorkers() const;
  static void Take(const std::string& worker, uint32_t cores, uint64_t memory_bytes,
                   std::vector<FreeWorker>& free);

  // The launch that `driver` and `epoch` name, if it is the one that runs.
  Driver* RunningDriver(const std::string& driver, uint32_t epoch);
  void AdoptDrivers(Worker& worker, const proto::WorkerHello& hello);
  void OnDriverEnded(const Worker& worker, const proto::ExecutorEnded& ended);
  // The launch ended: `exit_code` is nullopt if nobody knows it.
  void EndLaunch(Driver& driver, std::optional<uint32_t> exit_code, const std::string& how);
  void EndApplicationsOf(const proto::DriverRecord& driver);
  void LaunchDrivers(std::vector<FreeWorker>& free);
  void SendLaunch(const Driver& driver);
  // Ends the process; it runs again only if nobody asked to kill the driver.
  void EndProcess(const Driver& driver);
  void KillDriver(Driver& driver);
  // Keeps it, and tells those who await it.
  void Changed(const Driver& driver);

  void Keep(const Worker& worker);
  void Keep(const Application& application);
  void Info(std::string text) { commands_->emplace_back(LogLine{false, std::move(text)}); }
  void Warn(std::string text) { commands_->emplace_back(LogLine{true, std::move(text)}); }
  void LogState(const Application& application);
  void LogState(const Driver& driver);
  void Send(ConnectionId to, proto::FromMaster message) {
    commands_->emplace_back(SendMessage{to, std::move(message)});
  }

  const MasterOptions options_;
  std::map<std::string, Worker> workers_;
  std::map<std::string, Application> applications_;  // ids are in the order of submission
  std::map<std::string, Driver> drivers_;            // likewise
  std::map<ConnectionId, std::string> worker_of_;
  std::map<ConnectionId, std::string> application_of_;
  std::map<uint64_t, LogRead> log_reads_;
  uint64_t next_query_ = 0;
  uint64_t next_sequence_ = 0;
  std::optional<int64_t> recovering_until_;
  int64_t now_ms_ = 0;            // of the current event
  Commands* commands_ = nullptr;  // likewise
};

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_MASTER_MASTER_H_
