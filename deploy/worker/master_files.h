#ifndef MILLSTREAM_DEPLOY_WORKER_MASTER_FILES_H_
#define MILLSTREAM_DEPLOY_WORKER_MASTER_FILES_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "proto/cluster.pb.h"

namespace millstream::deploy {

// Files that the master has, over a worker's stream to it. Fetch() is for one thread, OnData() for another.
class MasterFiles {
 public:
  explicit MasterFiles(std::function<void(const proto::ToMaster&)> send) : send_(std::move(send)) {}

  // As a FetchFile. Unavailable: the master does not answer.
  absl::Status Fetch(const proto::ProgramFile& file,
                     const std::function<absl::Status(std::string_view)>& sink);

  void OnData(const proto::FileData& data);

 private:
  const std::function<void(const proto::ToMaster&)> send_;

  std::mutex mutex_;  // protects what follows
  std::condition_variable changed_;
  std::optional<proto::FileData> data_;  // the latest
};

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_WORKER_MASTER_FILES_H_
