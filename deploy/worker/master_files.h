#ifndef MILLSTREAM_DEPLOY_WORKER_MASTER_FILES_H_
#define MILLSTREAM_DEPLOY_WORKER_MASTER_FILES_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "proto/cluster.pb.h"

namespace millstream::deploy {

// Files that the master has, over a worker's stream to it. Thread-safe.
class MasterFiles {
 public:
  explicit MasterFiles(std::function<void(const proto::ToMaster&)> send) : send_(std::move(send)) {}

  // As a FetchFile. A master that is away is waited for. Unavailable: it is there and does not answer;
  // Cancelled: `stop` was requested.
  absl::Status Fetch(const proto::ProgramFile& file, const std::stop_token& stop,
                     const std::function<absl::Status(std::string_view)>& sink);

  // Whether there is a connection from now on. A request on an earlier one may be lost.
  void OnConnection(bool connected);
  void OnData(const proto::FileData& data);

 private:
  struct Awaited {
    std::string sha256;
    uint64_t offset = 0;
    std::optional<std::string> data = {};
  };
  absl::Status Await(const std::string& name, const std::stop_token& stop, Awaited& part);

  const std::function<void(const proto::ToMaster&)> send_;

  std::mutex mutex_;  // protects what follows
  std::condition_variable_any changed_;
  std::list<Awaited> awaited_;
  bool connected_ = false;
  uint64_t connections_ = 0;  // until now
};

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_WORKER_MASTER_FILES_H_
