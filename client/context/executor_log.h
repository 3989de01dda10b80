#ifndef MILLSTREAM_CLIENT_CONTEXT_EXECUTOR_LOG_H_
#define MILLSTREAM_CLIENT_CONTEXT_EXECUTOR_LOG_H_

#include <string>

#include "proto/bootstrap.pb.h"
#include "proto/control.pb.h"

namespace millstream::client {

// What the log of an executor process tells of its life: that it starts, and why it ends. On a cluster that
// log is its own, and info; under local-cluster it is its driver's, which tells this itself, and debug. Not
// thread-safe.
class ExecutorLog {
 public:
  // `address` is where it serves its blocks.
  ExecutorLog(const proto::Bootstrap& bootstrap, const std::string& address);
  // What the driver says: before it ends, that it does.
  void OnMessage(const proto::ToExecutor& message);
  void OnClosed(const std::string& reason) const;

 private:
  void Log(const std::string& text) const;

  const bool on_cluster_;
  const std::string name_;
  bool driver_ends_ = false;
};

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_CONTEXT_EXECUTOR_LOG_H_
