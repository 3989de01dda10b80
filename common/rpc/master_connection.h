#ifndef MILLSTREAM_COMMON_RPC_MASTER_CONNECTION_H_
#define MILLSTREAM_COMMON_RPC_MASTER_CONNECTION_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/security/credentials.h"
#include "proto/cluster.pb.h"

namespace millstream::rpc {

// A worker's, driver's or client's stream to whichever of the masters is there; it is made anew when it ends,
// until this is destroyed. Without TLS each connection asks for the master's secret first, so that a master
// that was restarted is found again. Thread-safe.
class MasterConnection {
 public:
  // Called on this object's own thread, one at a time; must not destroy it.
  struct Listener {
    // The first message of a new connection.
    std::function<proto::ToMaster()> hello;
    std::function<void(const proto::FromMaster&)> on_message;
    // A connection ended or could not be made; another one will be tried. Always a reason for people that
    // names the master; Unauthenticated: it is there, but not for this user or not by this secret file.
    std::function<void(const absl::Status&)> on_lost;
  };

  // `masters` are addresses, "host:port", at least one. `own` is who this process is to them; if it has no
  // TLS, they are on loopback and hand out the token to show.
  MasterConnection(security::Credentials own, std::vector<std::string> masters, Listener listener);
  ~MasterConnection();

  // Begins to connect; once.
  void Start();

  // Dropped if there is no connection: the next hello says what counts.
  void Send(const proto::ToMaster& message);

  // Sends a last message, over a new connection if this one breaks, and waits until the master has ended the
  // connection for it, or for `patience`. No other connection is made then.
  void End(const proto::ToMaster& message, std::chrono::milliseconds patience);

 private:
  class Stream;

  void Loop();
  // Returns when the connection ended.
  absl::Status RunOnce(const std::string& master);
  // What this process shows to `master`.
  absl::StatusOr<security::Credentials> CredentialsFor(const std::string& master) const;

  const security::Credentials own_;
  const std::vector<std::string> masters_;
  const Listener listener_;
  bool answered_ = false;  // the last connection brought a message; touched by the thread alone

  std::mutex mutex_;  // protects what follows
  std::condition_variable changed_;
  Stream* stream_ = nullptr;             // while there is one
  std::optional<proto::ToMaster> last_;  // what End() has to say
  bool stopping_ = false;
  bool ended_ = true;  // the thread has, or was never started

  std::stop_source cut_;  // what the thread waits for
  std::thread thread_;
};

// Of masters that were not heard for `patience`: Aborted, with the address, the cause and the fix. `lost` is
// what a connection was last lost by, or OK; Unauthenticated is passed on.
absl::Status NoAnswerError(const std::vector<std::string>& masters, const absl::Status& lost,
                           std::chrono::milliseconds patience);

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_MASTER_CONNECTION_H_
