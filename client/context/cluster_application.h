#ifndef MILLSTREAM_CLIENT_CONTEXT_CLUSTER_APPLICATION_H_
#define MILLSTREAM_CLIENT_CONTEXT_CLUSTER_APPLICATION_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "common/rpc/master_connection.h"
#include "common/security/credentials.h"
#include "proto/cluster.pb.h"

namespace millstream::client {

// An application as a cluster's master sees it: asks for executors, is granted them, and says when they are
// no longer wanted, and says that it is there. A master that goes away and comes back is told what the
// application has. Thread-safe.
class ClusterApplication {
 public:
  // Called on a thread of its own; must not destroy the application.
  struct Listener {
    std::function<void(ExecutorId)> on_granted;  // to be answered by Launch()
    std::function<void(ExecutorId, const std::string& how)> on_ended;
    std::function<void(const std::string& reason)> on_killed;
  };

  // `own` is its driver's credentials. `hello` says who asks, and for what.
  ClusterApplication(const security::Credentials& own, std::vector<std::string> masters,
                     proto::ApplicationHello hello, Listener listener);
  // Asks the master; once.
  void Start() { connection_.Start(); }
  // As the process exits, tells the master its exit code, if that is another one than it was told.
  ~ClusterApplication();

  // Tells the master that the application ended, with this process's exit code as far as it is known: nothing
  // is granted from then on, and executors may end. To be called once, before the destructor.
  void End();

  // The cores of the executors that are granted first. Aborted: no master answered within `reach`;
  // Unauthenticated: it is another user's or another secret's; DeadlineExceeded: nothing was granted within
  // `grant`; Cancelled: it was killed before.
  absl::StatusOr<int> AwaitFirstGrant(std::chrono::milliseconds reach, std::chrono::milliseconds grant);

  // Starts a granted executor. `launch` says what runs; who and how large is added.
  void Launch(ExecutorId executor, proto::LaunchExecutor launch);
  // It is to end if it still runs, and another one may be granted.
  void Drop(ExecutorId executor, const std::string& why);

 private:
  // False if `until` comes first. Says what `what` tells in the log every 15 s.
  bool Await(std::unique_lock<std::mutex>& lock, std::chrono::steady_clock::time_point until,
             const std::function<bool()>& done, const std::function<std::string()>& what);
  // "no executor of SIZE was granted WHEN: why", as far as that is known.
  std::string NothingGrantedText(const std::string& when) const;
  proto::ToMaster Hello();
  void OnMessage(const proto::FromMaster& message);
  void OnGranted(const proto::ExecutorsGranted& granted);
  void OnLost(const absl::Status& why);
  void BeatLoop();

  const security::Credentials own_;
  const std::vector<std::string> masters_;
  const proto::ApplicationHello hello_;
  const Listener listener_;

  std::mutex mutex_;  // protects what follows
  std::condition_variable changed_;
  std::string id_;                            // as the master names it
  std::map<ExecutorId, uint32_t> executors_;  // granted and not lost, with their cores
  uint32_t next_executor_ = 0;
  std::optional<int> first_grant_;
  std::optional<proto::NothingGranted> nothing_granted_;  // yet, and what there is
  std::optional<std::string> killed_;                     // why
  absl::Status lost_;                                     // why there is no connection
  bool connected_ = false;
  std::chrono::milliseconds heartbeat_{1000};
  bool stopping_ = false;
  int told_exit_code_ = 0;

  rpc::MasterConnection connection_;
  std::thread beating_;
};

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_CONTEXT_CLUSTER_APPLICATION_H_
